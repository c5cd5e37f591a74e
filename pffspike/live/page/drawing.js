// A drawing of strokes, and the grey values that the network is given for it.

const FINE = 8; // lines of the drawing in a pixel of the network
const SIDE = 544; // pixels of the canvas

export class Drawing {
  constructor(canvas, form, changed) {
    this.canvas = canvas;
    this.form = form;
    this.changed = changed;
    this.strokes = [];
    this.sample = null; // a test sample instead: { pixels, white }
    this.cursor = { x: Math.floor(form.columns / 2), y: Math.floor(form.rows / 2) };
    this.down = false; // pen of the keyboard
    canvas.width = SIDE;
    canvas.height = Math.round((SIDE * form.rows) / form.columns);
    canvas.setAttribute("aria-label", `Drawing of ${form.rows} by ${form.columns} pixels`);
    canvas.addEventListener("pointerdown", (event) => this.begin(event));
    canvas.addEventListener("pointermove", (event) => this.move(event));
    for (const end of ["pointerup", "pointercancel"]) {
      canvas.addEventListener(end, () => this.end());
    }
    canvas.addEventListener("keydown", (event) => this.key(event));
    canvas.addEventListener("focus", () => this.show());
    canvas.addEventListener("blur", () => { this.down = false; this.show(); });
    this.show();
  }

  get empty() { return !this.strokes.length && !this.sample; }

  clear() { this.strokes = []; this.sample = null; this.down = false; this.show(); }

  undo() { this.strokes.pop(); this.show(); }

  load(sample) { this.strokes = []; this.sample = sample; this.down = false; this.show(); }

  place(event) {
    const box = this.canvas.getBoundingClientRect();
    return {
      x: ((event.clientX - box.left) / box.width) * this.form.columns,
      y: ((event.clientY - box.top) / box.height) * this.form.rows,
    };
  }

  begin(event) {
    if (event.button) return;
    this.canvas.setPointerCapture(event.pointerId);
    this.sample = null;
    this.drawn = [this.place(event)];
    this.strokes.push(this.drawn);
    this.show();
  }

  move(event) {
    if (!this.drawn) return;
    const all = event.getCoalescedEvents ? event.getCoalescedEvents() : [];
    for (const one of all.length ? all : [event]) this.drawn.push(this.place(one));
    this.show();
  }

  end() {
    if (!this.drawn) return;
    this.drawn = null;
    this.changed();
  }

  key(event) {
    const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    const centre = () => ({ x: this.cursor.x + 0.5, y: this.cursor.y + 0.5 });
    if (step) {
      this.cursor.x = Math.min(this.form.columns - 1, Math.max(0, this.cursor.x + step[0]));
      this.cursor.y = Math.min(this.form.rows - 1, Math.max(0, this.cursor.y + step[1]));
      if (this.down) this.strokes[this.strokes.length - 1].push(centre());
    } else if (event.key === " ") {
      this.down = !this.down;
      if (this.down) { this.sample = null; this.strokes.push([centre()]); }
    } else if (event.key === "Delete" || event.key === "Backspace") {
      this.clear();
    } else return;
    event.preventDefault();
    this.show();
    if (this.down || !step) this.changed();
  }

  show() {
    const { canvas, form } = this;
    const context = canvas.getContext("2d");
    const unit = canvas.width / form.columns;
    context.fillStyle = "#000";
    context.fillRect(0, 0, canvas.width, canvas.height);
    if (this.sample) paint(context, this.sample.pixels, this.sample.white, form, unit);
    line(context, this.strokes, form.pen, unit);
    if (document.activeElement === canvas) {
      context.strokeStyle = this.down ? "#ffd166" : "#8ab8e6";
      context.lineWidth = Math.max(2, unit / 12);
      context.strokeRect(this.cursor.x * unit + 1, this.cursor.y * unit + 1, unit - 2, unit - 2);
    }
  }

  pixels(fit) {
    if (this.sample) return this.sample.pixels;
    return grey(fit ? fitted(this.strokes, this.form) : this.strokes, this.form);
  }
}

function line(context, strokes, pen, unit) {
  context.strokeStyle = "#fff";
  context.lineWidth = pen * unit;
  context.lineCap = context.lineJoin = "round";
  for (const stroke of strokes) {
    context.beginPath();
    context.moveTo(stroke[0].x * unit, stroke[0].y * unit);
    for (const point of stroke) context.lineTo(point.x * unit, point.y * unit);
    context.stroke();
  }
}

// Shares of each pixel that the strokes cover, as grey values.
function grey(strokes, form) {
  const fine = document.createElement("canvas");
  fine.width = form.columns * FINE;
  fine.height = form.rows * FINE;
  const context = fine.getContext("2d", { willReadFrequently: true });
  line(context, strokes, form.pen, FINE);
  const alpha = context.getImageData(0, 0, fine.width, fine.height).data;
  const sums = new Array(form.rows * form.columns).fill(0);
  for (let y = 0; y < fine.height; y += 1) {
    for (let x = 0; x < fine.width; x += 1) {
      sums[Math.floor(y / FINE) * form.columns + Math.floor(x / FINE)] += alpha[4 * (y * fine.width + x) + 3];
    }
  }
  return sums.map((sum) => Math.round((sum / (255 * FINE * FINE)) * form.levels));
}

// Strokes as large as what the training images show, their centre of mass where it is in those.
function fitted(strokes, form) {
  const points = strokes.flat();
  if (!points.length) return strokes;
  const ends = (values) => [Math.min(...values), Math.max(...values)];
  const [left, right] = ends(points.map((p) => p.x));
  const [top, bottom] = ends(points.map((p) => p.y));
  const extent = Math.max(right - left, bottom - top);
  const scale = extent > 0.5 ? Math.max(0.5, form.frame.extent - form.pen) / extent : 1;
  const moved = (dx, dy) => strokes.map((stroke) => stroke.map((p) => ({
    x: (p.x - (left + right) / 2) * scale + form.columns / 2 + dx,
    y: (p.y - (top + bottom) / 2) * scale + form.rows / 2 + dy,
  })));
  const pixels = grey(moved(0, 0), form);
  let sum = 0, x = 0, y = 0;
  pixels.forEach((value, k) => {
    sum += value;
    x += value * ((k % form.columns) + 0.5);
    y += value * (Math.floor(k / form.columns) + 0.5);
  });
  if (!sum) return strokes;
  const room = (size, wide) => Math.max(0, (size - wide * scale - form.pen) / 2);
  const kept = (value, most) => Math.min(most, Math.max(-most, value));
  return moved(
    kept(form.frame.column - x / sum, room(form.columns, right - left)),
    kept(form.frame.row - y / sum, room(form.rows, bottom - top)),
  );
}

// Grey values on a canvas, each a square.
export function paint(context, pixels, white, form, unit) {
  pixels.forEach((value, k) => {
    const level = Math.round((255 * Math.max(0, Math.min(white, value))) / white);
    context.fillStyle = `rgb(${level},${level},${level})`;
    context.fillRect((k % form.columns) * unit, Math.floor(k / form.columns) * unit, unit + 0.5, unit + 0.5);
  });
}

export function picture(canvas, pixels, white, form, said) {
  canvas.width = form.columns;
  canvas.height = form.rows;
  paint(canvas.getContext("2d"), pixels, white, form, 1);
  canvas.setAttribute("aria-label", said);
}
