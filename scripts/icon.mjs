// Draws icon.png: a channel that speaks to many, in a rounded square. Run by hand when the drawing changes.
import { writeFileSync } from "node:fs";
import { crc32, deflateSync } from "node:zlib";

const SIZE = 512;
/** Points a pixel is sampled at, each way, for smooth edges. */
const SAMPLES = 4;

/** Colour at a point of the unit square: red, green, blue, alpha from 0 to 1. */
function colourAt(x, y) {
  if (!isInRoundedSquare(x, y)) return [0, 0, 0, 0];
  const dx = x - 0.3;
  const dy = y - 0.7;
  const far = Math.hypot(dx, dy);
  const isAbove = dx > 0 && dy < 0;
  const isWave = isAbove && [0.24, 0.38, 0.52].some((radius) => Math.abs(far - radius) < 0.035);
  if (far < 0.1 || isWave) return [1, 1, 1, 1];
  return [0.0 + 0.05 * x, 0.32 + 0.18 * (1 - y), 0.75 + 0.2 * x, 1];
}

function isInRoundedSquare(x, y) {
  const radius = 0.22;
  const dx = Math.max(radius - x, x - (1 - radius), 0);
  const dy = Math.max(radius - y, y - (1 - radius), 0);
  return Math.hypot(dx, dy) <= radius;
}

function pixel(column, row) {
  const sum = [0, 0, 0, 0];
  for (let nth = 0; nth < SAMPLES * SAMPLES; nth += 1) {
    const x = (column + ((nth % SAMPLES) + 0.5) / SAMPLES) / SIZE;
    const y = (row + (Math.floor(nth / SAMPLES) + 0.5) / SAMPLES) / SIZE;
    const [red, green, blue, alpha] = colourAt(x, y);
    for (const [at, part] of [red * alpha, green * alpha, blue * alpha, alpha].entries()) sum[at] += part;
  }
  const alpha = sum[3] / SAMPLES ** 2;
  const colour = sum.slice(0, 3).map((part) => (sum[3] > 0 ? part / sum[3] : 0));
  return [...colour, alpha].map((part) => Math.round(part * 255));
}

function chunk(type, data) {
  const body = Buffer.concat([Buffer.from(type), data]);
  const frame = Buffer.alloc(8);
  frame.writeUInt32BE(data.length, 0);
  frame.writeUInt32BE(crc32(body), 4);
  return Buffer.concat([frame.subarray(0, 4), body, frame.subarray(4)]);
}

const rows = Array.from({ length: SIZE }, (_, row) =>
  Buffer.from([0, ...Array.from({ length: SIZE }, (_, column) => pixel(column, row)).flat()]),
);
const header = Buffer.alloc(13);
header.writeUInt32BE(SIZE, 0);
header.writeUInt32BE(SIZE, 4);
header.set([8, 6, 0, 0, 0], 8); // 8 bits a channel, red green blue alpha
const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const image = deflateSync(Buffer.concat(rows), { level: 9 });
writeFileSync(
  "icon.png",
  Buffer.concat([signature, chunk("IHDR", header), chunk("IDAT", image), chunk("IEND", Buffer.alloc(0))]),
);
