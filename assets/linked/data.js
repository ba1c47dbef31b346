// The data of the page: one deflated block, a JSON header followed by the arrays it names.
const KINDS = { u8: Uint8Array, u16: Uint16Array, u32: Uint32Array, f32: Float32Array, f64: Float64Array };

async function unpack(text) {
  const raw = atob(text), packed = new Uint8Array(raw.length);
  for (let i = 0; i < raw.length; i++) packed[i] = raw.charCodeAt(i);
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
  const bytes = await new Response(stream).arrayBuffer();
  const size = new DataView(bytes).getUint32(0, true);
  const head = JSON.parse(new TextDecoder().decode(new Uint8Array(bytes, 4, size)));
  const array = (at) => at && new KINDS[at.kind](bytes, at.start, at.count);
  for (const name of ["rows", "x", "y", "labels", "selected"]) head[name] = array(head[name]);
  for (const column of head.columns) {
    column.values = array(column.values);
    column.days = array(column.days);
  }
  return head;
}

const MISSING = "–";

function shown(value, whole) {
  if (Number.isNaN(value)) return MISSING;
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "-∞";
  return String(whole ? value : Number(value.toPrecision(6)));
}

// The text of a cell. Words are a dictionary with codes from 1; 0 is a missing cell.
function cell(column, row) {
  const value = column.values[row];
  if (column.words) return value ? column.words[value - 1] : MISSING;
  return shown(value, column.whole);
}

// Which rows have a cell that contains the words, in any column: Uint8Array (n), or null for all.
function found(data, words) {
  const asked = words.trim().toLowerCase();
  if (!asked) return null;
  const hit = new Uint8Array(data.n), numeric = /^[-+.,\d∞–e]+$/.test(asked);
  for (const column of data.columns) {
    if (column.words) {
      const told = column.words.map((word) => word.toLowerCase().includes(asked));
      if (!told.includes(true)) continue;
      for (let i = 0; i < data.n; i++) if (told[column.values[i] - 1]) hit[i] = 1;
    } else if (numeric) {
      for (let i = 0; i < data.n; i++) if (cell(column, i).includes(asked)) hit[i] = 1;
    }
  }
  return hit;
}

// A comparison of two rows by a column; what is missing comes last either way.
function order(column, down) {
  const v = column.values, sign = down ? -1 : 1;
  const gone = column.words ? (i) => v[i] === 0 : (i) => Number.isNaN(v[i]);
  return (a, b) => gone(a) - gone(b) || sign * (v[a] - v[b]) || a - b;
}

// A spreadsheet would run a text that starts so as a formula; numbers stay as they are. The same
// two as in analytics/report/tables.py.
const FORMULA = /^'*[=+\-@\t\r\n＝＋－＠]/;
const NUMBER = /^[+\-]?([0-9]+([.,][0-9]+)*|[.,][0-9]+)([eE][+\-]?[0-9]+)?%?$/;

function csv(data, rows) {
  const quote = (text) => {
    const safe = FORMULA.test(text) && !NUMBER.test(text) ? "'" + text : text;
    return /["\r\n,]/.test(safe) ? '"' + safe.replaceAll('"', '""') + '"' : safe;
  };
  const value = (column, i) => {
    if (column.words) return quote(column.values[i] ? cell(column, i) : "");
    return Number.isNaN(column.values[i]) ? "" : String(column.values[i]);
  };
  const lines = [data.columns.map((c) => quote(c.name)).join(",")];
  for (const i of rows) lines.push(data.columns.map((c) => value(c, i)).join(","));
  return lines.join("\r\n") + "\r\n";
}
