/** 2 to the power of −14: below, the numbers of half precision stand evenly, 2 to the power of −24 apart. */
const smallestNormal = 2 ** -14
const finest = 2 ** 24
/** Added and taken away again it leaves a double without its fraction, rounded to even. */
const rounding = 1.5 * 2 ** 52

/**
 * The same numbers as half precision (IEEE 754, 16 bits) keeps them, rounded to even. Those beyond its reach, 65,504, grow
 * further. (`Math.f16round` does one number, and not in every Node that runs this.)
 */
export function toHalfPrecision(vector: Float32Array): Float32Array {
  const halves = new Float32Array(vector)
  const bits = new Int32Array(halves.buffer)
  for (let at = 0; at < halves.length; at++) {
    const number = halves[at]!
    if (Math.abs(number) < smallestNormal) halves[at] = (number * finest + rounding - rounding) / finest
    // The last 13 of 23 bits of its fraction go; what is carried over makes the exponent one more, as it should.
    else if (Number.isFinite(number)) bits[at] = (bits[at]! + 0xfff + ((bits[at]! >> 13) & 1)) & ~0x1fff
  }
  return halves
}
