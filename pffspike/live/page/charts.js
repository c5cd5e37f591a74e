// What happened up to a step: spikes, goodness under each label, counts and energy.

const LOW = 20, HIGH = 120; // px: heights of a population's raster
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const number = (value, digits = 0) => value.toLocaleString("en", { maximumFractionDigits: digits });

// Bits of a raster, step by step: spike(step, neuron).
function unpack(text, size) {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  return (step, neuron) => (bytes[(step * size + neuron) >> 3] >> (7 - ((step * size + neuron) & 7))) & 1;
}

export function energy(joule) {
  if (joule === null || joule === undefined) return "no value";
  for (const [factor, unit] of [[1, "J"], [1e-3, "mJ"], [1e-6, "µJ"], [1e-9, "nJ"]]) {
    if (joule >= factor) return `${Number((joule / factor).toPrecision(3))} ${unit}`;
  }
  return joule ? `${Number((joule / 1e-12).toPrecision(3))} pJ` : "0";
}

// One panel: a choice of presentations, and a raster for each population.
export class Raster {
  constructor(parent, index) {
    this.element = document.createElement("div");
    this.element.className = "raster";
    const label = document.createElement("label");
    label.textContent = index ? "and " : "Presentation ";
    label.htmlFor = `presentation-${index}`;
    this.select = document.createElement("select");
    this.select.id = label.htmlFor;
    this.rows = document.createElement("div");
    this.element.append(label, this.select, this.rows);
    parent.append(this.element);
    this.select.addEventListener("change", () => { this.build(); this.show(this.step); });
  }

  load(told, populations, names, chosen) {
    this.told = told;
    this.populations = populations;
    this.step = 0;
    this.select.replaceChildren(...told.presentations.map((one, k) => {
      const option = new Option(presentationName(one, names, told), String(k));
      option.selected = k === chosen;
      return option;
    }));
    this.build();
  }

  build() {
    const one = this.told.presentations[Number(this.select.value)];
    this.one = one;
    this.parts = this.populations.filter((p) => one.spikes[p.name]).map((p) => {
      const holder = document.createElement("div");
      holder.className = "population";
      const said = document.createElement("p");
      const name = document.createElement("span");
      name.textContent = p.name;
      const count = document.createElement("span");
      count.className = "faint number";
      said.append(name, count);
      const canvas = document.createElement("canvas");
      canvas.setAttribute("role", "img");
      const height = Math.min(HIGH, Math.max(LOW, p.size * 2));
      canvas.style.height = `${height}px`;
      holder.append(said, canvas);
      return { ...p, holder, canvas, count, height, spike: unpack(one.spikes[p.name], p.size) };
    });
    this.rows.replaceChildren(...this.parts.map((part) => part.holder));
  }

  show(step) {
    this.step = step;
    const { one } = this;
    const now = Math.min(Math.max(step - one.begin, 0), one.steps);
    const ratio = window.devicePixelRatio || 1;
    const ink = colour("--ink"), accent = colour("--accent"), line = colour("--line");
    for (const part of this.parts) {
      const { canvas } = part;
      canvas.width = Math.max(1, Math.round(canvas.clientWidth * ratio));
      canvas.height = Math.round(part.height * ratio);
      const context = canvas.getContext("2d");
      const wide = canvas.width / one.steps, high = canvas.height / part.size;
      context.fillStyle = line;
      context.fillRect(0, 0, wide * one.burn_in, canvas.height);
      context.fillStyle = ink;
      const mark = Math.max(ratio, high * 0.8), width = Math.max(1, Math.min(wide * 0.7, 4 * ratio));
      let spikes = 0;
      for (let t = 0; t < now; t += 1) {
        for (let n = 0; n < part.size; n += 1) {
          if (part.spike(t, n)) {
            spikes += 1;
            context.fillRect((t + 0.5) * wide - width / 2, n * high, width, mark);
          }
        }
      }
      if (now && now < one.steps) {
        context.fillStyle = accent;
        context.fillRect(now * wide - ratio, 0, 2 * ratio, canvas.height);
      }
      part.count.textContent = `${number(spikes)} spikes of ${number(part.size)} neurons`;
      canvas.setAttribute("aria-label", `${part.name}: ${spikes} spikes in ${now} steps`);
    }
  }
}

export function presentationName(one, names, told) {
  const trial = told.presentations.some((other) => other.trial) ? `, trial ${one.trial + 1}` : "";
  return (one.under === null ? "without a label" : `under label ${names[one.under]}`) + trial;
}

// Bars of goodness, or of the read-out's spikes, at a step.
export class Bars {
  constructor(body, lines, help) { this.body = body; this.lines = lines; this.help = help; }

  load(told, names) {
    this.told = told;
    this.names = names;
    const found = told[told.decides];
    const known = found.flat().filter((value) => value !== null);
    this.sign = told.decides === "goodness" && known.every((value) => value <= 0) ? -1 : 1;
    this.values = found.map((row) => row.map((value) => (value === null ? null : this.sign * value)));
    this.most = Math.max(1e-9, ...known.map((value) => this.sign * value));
    this.ends = names.map((_, label) => Math.max(0, ...told.presentations
      .filter((one) => one.under === label).map((one) => one.begin + one.steps)));
    this.help.textContent = told.decides === "read_out"
      ? "Spikes of the read-out in the window: the most win."
      : `Sum of squared rates of the hidden neurons: the ${this.sign < 0 ? "lowest" : "highest"} wins.`;
    this.body.parentElement.classList.toggle("long", names.some((name) => name.length > 4));
    this.rows = names.map((name) => {
      const row = document.createElement("tr");
      const head = document.createElement("th");
      head.scope = "row";
      head.textContent = head.title = name;
      const [cell, value, remark] = [0, 1, 2].map(() => document.createElement("td"));
      const bar = document.createElement("div");
      bar.className = "bar";
      cell.append(bar);
      row.append(head, cell, value, remark);
      return { row, bar, value, remark };
    });
    this.body.replaceChildren(...this.rows.map((one) => one.row));
  }

  best(step) {
    const row = this.values[Math.min(step, this.values.length - 1)];
    let found = null;
    row.forEach((value, label) => {
      if (value === null || this.remark(label, step)) return;
      if (found === null || this.sign * value > this.sign * row[found]) found = label;
    });
    return step >= this.told.steps ? this.told.predicted : found;
  }

  remark(label, step) {
    if (this.told.decides === "read_out" || label === this.told.predicted) return "";
    if (!this.ends[label]) return this.values[step].some((value) => value !== null) ? "not proposed" : "";
    const gone = this.told.scores[label] === null && step >= this.ends[label];
    return gone ? `out at step ${this.ends[label]}` : "";
  }

  show(step) {
    const best = this.best(step);
    this.rows.forEach(({ row, bar, value, remark }, label) => {
      const found = this.values[step][label];
      const said = this.remark(label, step);
      bar.style.width = `${(100 * (found ?? 0)) / this.most}%`;
      bar.hidden = found === null;
      value.textContent = found === null ? "" : number(found, 2);
      remark.textContent = label === best ? (step >= this.told.steps ? "the answer" : "leads") : said;
      row.className = label === best ? "best" : said ? "out" : "";
    });
    this.draw(step, best);
    return best;
  }

  draw(step, best) {
    const canvas = this.lines, ratio = window.devicePixelRatio || 1;
    canvas.width = Math.max(1, Math.round(canvas.clientWidth * ratio));
    canvas.height = Math.round(canvas.clientHeight * ratio);
    const context = canvas.getContext("2d");
    const x = (t) => 2 + (t / this.told.steps) * (canvas.width - 4);
    const y = (value) => canvas.height - 4 - (value / this.most) * (canvas.height - 8);
    const order = this.names.map((_, label) => label).sort((a, b) => (a === best) - (b === best));
    for (const label of order) {
      context.strokeStyle = colour(label === best ? "--accent" : "--quiet");
      context.lineWidth = (label === best ? 3 : 1.25) * ratio;
      context.beginPath();
      let begun = false;
      const last = Math.min(step, this.told.decides === "read_out" ? step : this.ends[label]);
      for (let t = 0; t <= last; t += 1) {
        const value = this.values[t][label];
        if (value === null) continue;
        if (begun) context.lineTo(x(t), y(value)); else context.moveTo(x(t), y(value));
        begun = true;
      }
      context.stroke();
    }
    const leads = best === null ? "no label leads yet" : `label ${this.names[best]} leads`;
    canvas.setAttribute("aria-label", `A line for each label over ${step} steps: ${leads}`);
  }
}

// Counts and energies at a step: those of the last moment up to it.
export function showCosts(costs, step) {
  let k = -1;
  while (k + 1 < costs.moments.length && costs.moments[k + 1] <= step) k += 1;
  for (const name of ["steps", "spikes", "operations"]) {
    document.getElementById(`count-${name}`).textContent = k < 0 ? "0" : number(costs[name][k]);
  }
  const at = (name) => (costs[name] === null ? null : k < 0 ? 0 : costs[name][k]);
  document.getElementById("count-energy").textContent = energy(at("total"));
  document.getElementById("energy-text").textContent = costs.total === null
    ? `The card of ${costs.device} has no value for the events that occur.`
    : `Of the events alone ${energy(at("events"))}; with the whole chip's static power `
      + `${energy(at("whole_chip"))}. By the values of the device card: no chip is measured here.`;
}
