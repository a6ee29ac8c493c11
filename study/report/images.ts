import type { Dataset } from '../data/dataset.js'

/** How many drawings of each class the report shows. */
const PER_CLASS = 6

/** An <img> with a column of training images per class: the data that all the numbers are about. */
export function sampleImages(data: Dataset): string {
  const { height, width, classes } = data
  const sheet = new Uint8Array(PER_CLASS * height * classes * width)
  const shown = new Array<number>(classes).fill(0)
  data.train.labels.forEach((label, image) => {
    if (shown[label] === PER_CLASS) return
    const row = shown[label]++
    for (let y = 0; y < height; y++) {
      const from = (image * height + y) * width
      const to = (row * height + y) * classes * width + label * width
      sheet.set(data.train.pixels.subarray(from, from + width), to)
    }
  })
  const source = Buffer.from(greyBitmap(sheet, classes * width, PER_CLASS * height)).toString('base64')
  return `<img class="samples" alt="${PER_CLASS} training images of each of ${classes} classes" src="data:image/bmp;base64,${source}">`
}

/** A BMP file of 8-bit grey: the one picture format that needs no compression and that every browser shows. */
function greyBitmap(pixels: Uint8Array, width: number, height: number): Uint8Array {
  const [headers, palette] = [14 + 40, 256 * 4]
  const stride = Math.ceil(width / 4) * 4
  const start = headers + palette
  const file = new Uint8Array(start + stride * height)
  const view = new DataView(file.buffer)
  file.set([0x42, 0x4d])
  view.setUint32(2, file.length, true)
  view.setUint32(10, start, true)
  view.setUint32(14, 40, true)
  view.setInt32(18, width, true)
  // A negative height: rows from top to bottom.
  view.setInt32(22, -height, true)
  view.setUint16(26, 1, true)
  view.setUint16(28, 8, true)
  for (let grey = 0; grey < 256; grey++) file.fill(grey, headers + 4 * grey, headers + 4 * grey + 3)
  for (let y = 0; y < height; y++) file.set(pixels.subarray(y * width, (y + 1) * width), start + y * stride)
  return file
}
