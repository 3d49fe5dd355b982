/**
 * Go's math.Pow, which differs from JavaScript's in the last digits (it multiplies mantissas and exponents apart) and in that 1 to any power, and -1 to an
 * infinite one, are 1.
 */
export function powerGo(base: number, exponent: number): number {
  if (base === 1 || (base === -1 && Math.abs(exponent) === Infinity)) return 1;
  const size = Math.abs(exponent);
  // Roots, what is not finite or zero, and exponents with which only 0, 1 or infinity are left.
  if (!(base > 0 || Number.isInteger(exponent)) || base === 0 || !Number.isFinite(base) || size >= 2 ** 53) return base ** exponent;
  if (exponent === 0.5) return Math.sqrt(base);
  if (exponent === -0.5) return 1 / Math.sqrt(base);
  let whole = Math.trunc(size);
  let fraction = size - whole;
  let mantissa = 1;
  let power = 0;
  if (fraction !== 0) {
    if (fraction > 0.5) {
      fraction -= 1;
      whole += 1;
    }
    mantissa = Math.exp(fraction * Math.log(base));
  }
  let [square, squarePower] = split(base);
  for (; whole > 0; whole = Math.floor(whole / 2)) {
    if (Math.abs(squarePower) > 4096) return base ** exponent;
    if (whole % 2 === 1) {
      mantissa *= square;
      power += squarePower;
    }
    square *= square;
    squarePower *= 2;
    if (square < 0.5) {
      square *= 2;
      squarePower -= 1;
    }
  }
  return exponent < 0 ? scale(1 / mantissa, -power) : scale(mantissa, power);
}

/** A mantissa in [0.5, 1), with the sign, and a power of two. */
function split(value: number): [number, number] {
  let power = Math.floor(Math.log2(Math.abs(value))) + 1;
  let mantissa = scale(value, -power);
  if (Math.abs(mantissa) >= 1) {
    mantissa /= 2;
    power += 1;
  } else if (Math.abs(mantissa) < 0.5) {
    mantissa *= 2;
    power -= 1;
  }
  return [mantissa, power];
}

/** value × 2 ** power in steps that do not overflow on the way. */
function scale(value: number, power: number): number {
  let left = power;
  let scaled = value;
  for (; left > 1000; left -= 1000) scaled *= 2 ** 1000;
  for (; left < -1000; left += 1000) scaled *= 2 ** -1000;
  return scaled * 2 ** left;
}
