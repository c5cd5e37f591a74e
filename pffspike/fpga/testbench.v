// Gives the core the bytes of host.hex and compares what it sends with those of core.hex; README.txt
// has the command. (No line of a comment may begin with the name of the simulator.)
`timescale 1ns / 1ps

module testbench;
  localparam HOST = @HOST@, CORE = @CORE@, PATIENCE = 1 << 24;

  reg [7:0] host[0:HOST-1];
  reg [7:0] expected[0:CORE-1];
  reg clk = 0;
  integer given = 0, got = 0, cycles = 0, silent = 0;

  wire in_valid = given < HOST;
  wire [7:0] in_data = in_valid ? host[given] : 8'd0;
  wire in_ready, out_valid;
  wire [7:0] out_data;

  core dut (
      .clk(clk),
      .rst(1'b0),
      .in_data(in_data),
      .in_valid(in_valid),
      .in_ready(in_ready),
      .out_data(out_data),
      .out_valid(out_valid),
      .out_ready(1'b1)
  );

  initial begin
    $readmemh("host.hex", host);
    $readmemh("core.hex", expected);
  end

  always #10 clk = !clk;

  always @(posedge clk) begin
    cycles <= cycles + 1;
    silent <= out_valid ? 0 : silent + 1;
    if (in_valid && in_ready) given <= given + 1;
    if (out_valid) begin
      got <= got + 1;
      if (out_data !== expected[got]) begin
        $display("FAILED: byte %0d of %0d differs", got, CORE);
        $finish;
      end else if (got == CORE - 1) begin
        $display("identical: %0d bytes in %0d cycles", CORE, cycles);
        $finish;
      end
    end
    if (silent == PATIENCE) begin
      $display("FAILED: byte %0d of %0d does not come", got, CORE);
      $finish;
    end
  end
endmodule
