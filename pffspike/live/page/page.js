// The page: what is given, how it is answered, and the playback of what happened.

import { ask, get } from "./server.js";
import { Drawing, picture } from "./drawing.js";
import { Bars, Raster, showCosts } from "./charts.js";

const $ = (id) => document.getElementById(id);
const PAUSE = 350; // ms without a change before the network is asked
const SLOW = 500; // ms until progress is shown
const HELP = {
  goodness: "Presents the image under every label; the label with the best goodness wins.",
  one_pass: "Presents the image once, without a label, and reads the read-out population.",
  feedback: "One pass in which the read-out drives the hidden populations as a label would.",
  proposal: "The read-out proposes three labels, and goodness decides among them.",
  early: "Like goodness, but a label is out as soon as it is clearly beaten. The first time in a window, this is calibrated.",
  late: "Like goodness; an unclear image is presented again, up to five times. The first time in a window, this is calibrated.",
};
const still = window.matchMedia("(prefers-reduced-motion: reduce)");

let network, drawing, bars, rasters, told = null, asking = null, timer = null, clock = null;

function fail(error) {
  if (error.name === "AbortError") return;
  $("error").textContent = error instanceof TypeError
    ? "The server does not answer; start pffspike live again." : error.message;
  $("error").hidden = false;
}

function question() {
  const given = {
    mode: $("mode").value,
    window: network.windows[Number($("window").value)],
    noise: Number($("noise").value),
    device: $("device").value,
  };
  if (drawing && !drawing.empty && !drawing.sample) return { ...given, pixels: drawing.pixels($("fit").checked) };
  if (network.kind === "table" && $("features").dataset.set === "values") {
    return { ...given, values: [...$("features").querySelectorAll("input")].map((i) => Number(i.value)) };
  }
  if ($("choose").hidden || (drawing && drawing.empty)) return null;
  return { ...given, sample: Number($("sample").value) };
}

function changed() {
  clearTimeout(timer);
  showSettings();
  timer = setTimeout(answer, PAUSE);
}

async function answer() {
  asking?.abort();
  asking = new AbortController();
  const { signal } = asking;
  const asked = question();
  if (drawing) showGiven();
  if (!asked) return;
  const busy = watch();
  try {
    told = await ask("/api/answer", asked, signal);
    $("error").hidden = true;
    show();
    if (network.reconstructs || network.synthesizes) {
      showImagined(await ask("/api/imagine", asked, signal));
    }
    showConfidence(await ask("/api/confidence", asked, signal));
  } catch (error) { fail(error); } finally { busy.end(); }
}

// Progress of what takes longer: a calibration, the first compilation.
function watch() {
  const poll = async () => {
    const { stage, done, total } = await get("/api/progress").catch(() => ({}));
    if (watch.current !== poll) return;
    $("busy").hidden = false;
    $("busy-text").textContent = stage ? `${stage}: ${done} of ${total}` : "computing";
    if (total > 1) { $("progress").max = total; $("progress").value = done; } else $("progress").removeAttribute("value");
    poll.timer = setTimeout(poll, SLOW);
  };
  clearTimeout(watch.current?.timer);
  watch.current = poll;
  poll.timer = setTimeout(poll, SLOW);
  return { end() {
    clearTimeout(poll.timer);
    if (watch.current !== poll) return;
    watch.current = null;
    $("busy").hidden = true;
  } };
}

function show() {
  const names = network.classes;
  bars.load(told, names);
  $("goodness-title").textContent = told.decides === "read_out" ? "Read-out" : "Goodness under each label";
  const deciding = told.presentations.map((one, k) => ({ ...one, k }));
  const under = (label) => deciding.findLast((one) => one.under === label)?.k;
  const last = bars.values[bars.values.length - 1];
  const order = names.map((_, label) => label).filter((label) => under(label) !== undefined)
    .sort((a, b) => bars.sign * (last[b] - last[a]));
  const second = order.find((label) => label !== told.predicted);
  const chosen = order.length ? [under(told.predicted), under(second)] : [0];
  rasters[1].element.hidden = chosen.length < 2;
  chosen.forEach((k, index) => rasters[index].load(told, network.populations, names, k ?? 0));
  $("answer").textContent = "–";
  $("answer").classList.toggle("long", names.some((name) => name.length > 2));
  $("confidence").textContent = $("spoken").textContent = "";
  $("command-section").hidden = !told.command;
  $("command").textContent = told.command ?? "";
  $("step").max = told.steps;
  $("step").disabled = $("play").disabled = false;
  if (still.matches) seek(told.steps); else { seek(0); play(true); }
}

function seek(step) {
  $("step").value = step;
  $("step-value").textContent = `step ${step} of ${told.steps}`;
  const ended = step >= told.steps;
  const best = bars.show(step);
  rasters.filter((one) => !one.element.hidden).forEach((one) => one.show(step));
  showCosts(told.costs, step);
  $("answer").textContent = best === null ? "–" : network.classes[best];
  $("answer-text").textContent = ended ? answerText() : best === null ? "Nothing is counted yet." : "leads so far";
  if (ended) $("spoken").textContent = `The answer is ${network.classes[told.predicted]}. ${answerText()}`;
}

function answerText() {
  const unit = told.decides === "read_out" ? (told.margin === 1 ? " spike" : " spikes") : " in goodness";
  const lead = told.margin === null ? "The only label that was compared."
    : `Leads by ${Number(told.margin.toPrecision(4))}${unit}.`;
  if (told.true === null) return lead;
  const right = told.true === told.predicted;
  return `${lead} ${right ? "Right" : "Wrong"}: the sample is of class ${network.classes[told.true]}.`;
}

function play(going) {
  clearInterval(clock);
  clock = null;
  if (going && Number($("step").value) >= told.steps) seek(0);
  if (going) {
    clock = setInterval(() => {
      const next = Number($("step").value) + 1;
      seek(Math.min(next, told.steps));
      if (next >= told.steps) play(false);
    }, Number($("speed").value));
  }
  $("play").textContent = going ? "Pause" : "Play";
  $("play").setAttribute("aria-pressed", String(going));
}

function showConfidence(found) {
  if (!found.samples) {
    $("confidence").textContent = "How often such answers are right is not known: no test samples are here.";
  } else if (found.slope === undefined) {
    $("confidence").textContent = `Of the first ${found.samples} test samples ${percent(found.accuracy)} are answered right this way.`;
  } else if (told.margin !== null) {
    const odds = Math.exp(found.intercept + found.slope * Math.log1p(told.margin));
    const share = odds === Infinity ? 1 : odds / (1 + odds);
    $("confidence").textContent = `An answer with this lead is right with a probability of ${percent(share)}, `
      + `fitted to the first ${found.samples} test samples: it holds for images like those.`;
  }
}

const percent = (share) => (share > 0.999 ? "more than 99.9 %" : `${(100 * share).toFixed(1)} %`);

function showImagined(found) {
  const figure = (said, all) => {
    const holder = document.createElement("figure"), caption = document.createElement("figcaption");
    caption.textContent = said;
    holder.append(...all.map((pixels) => {
      const canvas = document.createElement("canvas");
      canvas.setAttribute("role", "img");
      picture(canvas, pixels, 1, network, said);
      return canvas;
    }), caption);
    return holder;
  };
  const called = { below: "rebuilt from the lowest hidden spikes", chain: "rebuilt down the chain" };
  const figures = Object.entries(found.reconstructions ?? {})
    .map(([phase, pixels]) => figure(called[phase] ?? phase, [pixels]));
  if (found.samples) figures.push(figure(`samples of class ${network.classes[found.class]}`, found.samples));
  $("imagined").replaceChildren(...figures);
  $("imagined-section").hidden = !figures.length;
}

function showGiven() {
  const pixels = drawing.empty ? new Array(network.rows * network.columns).fill(0) : drawing.pixels($("fit").checked);
  const white = drawing.sample ? drawing.sample.white : network.levels;
  picture($("given"), pixels, white, network, drawing.sample ? `test sample ${$("sample").value}` : "the drawing, in pixels");
}

function showSettings() {
  $("window-value").textContent = `${network.windows[Number($("window").value)]} steps`;
  $("noise-value").textContent = $("noise").value;
  $("mode-help").textContent = HELP[$("mode").value] ?? "";
}

async function choose(number) {
  const found = Math.max(0, Math.min(network.samples - 1, Math.round(number) || 0));
  $("sample").value = found;
  try {
    const sample = await get(`/api/sample/${found}`);
    if (drawing) drawing.load(sample);
    else picture($("given"), sample.pixels, sample.white, network, `test sample ${found}`);
    if (network.kind === "table") setFeatures(sample.values);
    changed();
  } catch (error) { fail(error); }
}

function setFeatures(values) {
  $("features").dataset.set = "sample";
  $("features").querySelectorAll("input").forEach((input, k) => {
    input.value = values[k];
    input.previousElementSibling.textContent = Number(values[k].toPrecision(4));
  });
}

function buildFeatures() {
  network.features.forEach((feature, k) => {
    const holder = document.createElement("div");
    holder.className = "feature";
    const label = document.createElement("label"), value = document.createElement("output");
    const input = document.createElement("input");
    Object.assign(input, { type: "range", id: `feature-${k}`, min: feature.low, max: feature.high, step: "any", value: feature.middle });
    label.htmlFor = input.id;
    label.textContent = `Feature ${k + 1}`;
    value.textContent = Number(feature.middle.toPrecision(4));
    input.addEventListener("input", () => {
      $("features").dataset.set = "values";
      value.textContent = Number(Number(input.value).toPrecision(4));
      changed();
    });
    holder.append(label, value, input);
    $("features").append(holder);
  });
}

async function begin() {
  network = await get("/api/network");
  document.title = `${network.name} – pffspike live`;
  $("network-name").textContent = network.name;
  $("settings").open = window.innerWidth > 480;
  $("network-facts").textContent = `${network.file ? `${network.file}. ` : ""}${network.description} ${network.training}; answered by ${network.engine}.`;
  $("mode").replaceChildren(...network.modes.map((name) => new Option(name.replace("_", " "), name)));
  $("device").replaceChildren(...network.devices.map((name) => new Option(name, name)));
  $("window").max = network.windows.length - 1;
  $("window").value = network.windows.indexOf(network.window);
  $("window").disabled = network.windows.length < 2;
  $("noise").max = Math.max(99, network.noise);
  $("noise").value = network.noise;
  bars = new Bars($("bars"), $("lines"), $("goodness-help"));
  rasters = [0, 1].map((index) => new Raster($("rasters"), index));
  if (network.kind === "picture") {
    $("draw").hidden = false;
    drawing = new Drawing($("drawing"), network, changed);
    $("clear").addEventListener("click", () => { drawing.clear(); changed(); });
    $("undo").addEventListener("click", () => { drawing.undo(); changed(); });
    $("fit").addEventListener("change", changed);
  } else if (network.kind === "table") {
    $("table").hidden = false;
    buildFeatures();
  } else $("no-drawing").hidden = false;
  $("choose").hidden = !network.samples;
  $("sample").max = network.samples - 1;
  $("sample").addEventListener("change", () => choose(Number($("sample").value)));
  $("another").addEventListener("click", () => choose(Math.floor(Math.random() * network.samples)));
  for (const id of ["mode", "window", "noise", "device"]) $(id).addEventListener("input", changed);
  $("play").addEventListener("click", () => play(clock === null));
  $("step").addEventListener("input", () => { play(false); seek(Number($("step").value)); });
  $("speed").addEventListener("change", () => { if (clock !== null) play(true); });
  window.addEventListener("resize", () => { if (told) seek(Number($("step").value)); });
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { if (told) seek(Number($("step").value)); });
  showSettings();
  if (network.samples) await choose(0);
  else if (drawing) showGiven();
  else if (network.kind === "table") { $("features").dataset.set = "values"; changed(); }
}

begin().catch(fail);
