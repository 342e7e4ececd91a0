/**
 * The sample pictures, drawn by rule on a canvas. Runs in a page that make-samples.ts opens; `draw(name)` draws one at
 * 1280 × 960, and what the studio ships is that, scaled down to a quarter.
 */
const width = 1280
const height = 960

/** Mulberry32: the same numbers on every machine, so that the pictures can be made again. */
function randomFrom(seed) {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

function hash(x, y, seed) {
  let h = Math.imul(x, 374761393) + Math.imul(y, 668265263) + Math.imul(seed, 1442695041)
  h = Math.imul(h ^ (h >>> 13), 1274126177)
  return ((h ^ (h >>> 16)) >>> 0) / 4294967296
}

function noise(x, y, seed) {
  const xi = Math.floor(x)
  const yi = Math.floor(y)
  const xf = x - xi
  const yf = y - yi
  const u = xf * xf * xf * (xf * (xf * 6 - 15) + 10)
  const v = yf * yf * yf * (yf * (yf * 6 - 15) + 10)
  const top = hash(xi, yi, seed) * (1 - u) + hash(xi + 1, yi, seed) * u
  const bottom = hash(xi, yi + 1, seed) * (1 - u) + hash(xi + 1, yi + 1, seed) * u
  return top * (1 - v) + bottom * v
}

function fractal(x, y, seed, octaves) {
  let sum = 0
  let size = 0.5
  for (let i = 0; i < octaves; i++) {
    sum += size * noise(x, y, seed + i)
    x *= 2.03
    y *= 2.03
    size *= 0.5
  }
  return sum
}

function ridged(x, y, seed, octaves) {
  let sum = 0
  let size = 0.5
  for (let i = 0; i < octaves; i++) {
    const n = 1 - Math.abs(noise(x, y, seed + i) * 2 - 1)
    sum += size * n * n
    x *= 2.1
    y *= 2.1
    size *= 0.5
  }
  return sum
}

const mix = (a, b, t) => a + (b - a) * t
const clamp = (t) => Math.min(1, Math.max(0, t))
const smooth = (a, b, x) => {
  const t = clamp((x - a) / (b - a))
  return t * t * (3 - 2 * t)
}
const mixColour = (a, b, t) => [mix(a[0], b[0], t), mix(a[1], b[1], t), mix(a[2], b[2], t)]

const css = (c) => `rgb(${c.map(Math.round).join(',')})`

function canvasOf(w, h) {
  const canvas = document.createElement('canvas')
  canvas.width = w
  canvas.height = h
  return canvas
}

/** A mountain lake before sunrise, shaded point by point; the water is the same land looked up again, shaken. */
function lake() {
  const canvas = canvasOf(width, height)
  const context = canvas.getContext('2d')
  const image = context.createImageData(width, height)
  const shore = 600
  const sun = { x: 840, y: 420 }

  const ranges = [
    { base: 372, rise: 250, scale: 300, seed: 11, near: [112, 104, 142], light: [255, 190, 160], haze: 0.62 },
    { base: 452, rise: 190, scale: 230, seed: 27, near: [66, 66, 104], light: [236, 158, 132], haze: 0.36 },
    { base: 520, rise: 130, scale: 170, seed: 43, near: [36, 44, 68], light: [190, 118, 104], haze: 0.18 },
  ]
  const crests = ranges.map((range) =>
    Float32Array.from({ length: width + 200 }, (_, i) => {
      const x = (i - 100) / range.scale
      return range.base - range.rise * (ridged(x, range.seed, range.seed, 7) - 0.42) * 1.5
    }),
  )
  const random = randomFrom(5)
  const trees = []
  for (let x = -20; x < width + 20; x += 3 + random() * 9) {
    const clump = fractal(x / 170, 3, 71, 4)
    trees.push({
      x,
      tall: (16 + random() * 46) * (0.35 + clump * 1.5),
      wide: 5 + random() * 6,
      lean: random(),
    })
  }
  const treeTop = new Float32Array(width).fill(9999)
  for (const tree of trees) {
    const foot = shore - 2 - fractal(tree.x / 120, 9, 5, 3) * 16
    for (
      let x = Math.max(0, Math.floor(tree.x - tree.wide * 1.6));
      x < Math.min(width, tree.x + tree.wide * 1.6);
      x++
    ) {
      const off = Math.abs(x - tree.x) / (tree.wide * 1.6)
      // Branches: the outline of a spruce is a saw, wider towards the ground.
      const saw = 1 - off - 0.16 * Math.abs(((off * 9 + tree.lean) % 1) - 0.5)
      const top = foot - tree.tall * Math.max(0, saw)
      treeTop[x] = Math.min(treeTop[x], top)
    }
  }

  function sky(x, y) {
    const t = clamp(y / 560)
    let colour = mixColour([28, 40, 84], [104, 92, 148], smooth(0, 0.5, t))
    colour = mixColour(colour, [242, 150, 124], smooth(0.36, 0.76, t))
    colour = mixColour(colour, [255, 214, 158], smooth(0.62, 1, t))
    const cloud = fractal(x / 260 + y / 900, y / 62, 101, 6)
    const lit = smooth(0.44, 0.72, cloud)
    const under = mixColour([92, 74, 124], [255, 172, 138], smooth(120, 430, y))
    colour = mixColour(colour, under, lit * 0.72 * smooth(30, 180, y) * (1 - smooth(430, 560, y)))
    const far = Math.hypot(x - sun.x, (y - sun.y) * 1.25)
    const glow = Math.exp(-far / 190)
    colour = [colour[0] + 130 * glow, colour[1] + 92 * glow, colour[2] + 40 * glow]
    if (y < 300) {
      const star = hash(Math.floor(x / 3), Math.floor(y / 3), 9)
      if (star > 0.9986) {
        const strength = (1 - y / 300) * (star - 0.9986) * 90000
        colour = colour.map((c) => c + strength)
      }
    }
    return colour
  }

  function land(x, y) {
    const column = Math.round(clamp(x / (width - 1)) * (width - 1))
    if (y > treeTop[column]) {
      const rough = fractal(x / 7, y / 5, 31, 3)
      return mixColour([12, 18, 24], [40, 44, 46], rough * smooth(0, 60, y - treeTop[column]) + rough * 0.35)
    }
    for (let i = ranges.length - 1; i >= 0; i--) {
      const crest = crests[i][column + 100]
      if (y < crest) continue
      const range = ranges[i]
      const depth = y - crest
      const left = crests[i][Math.max(0, column + 96)]
      const right = crests[i][Math.min(width + 199, column + 104)]
      const facet = ridged(x / 62 + depth / 130, y / 74, range.seed + 5, 5)
      const facing = clamp(0.5 + (left - right) * 0.028 * Math.sign(x - sun.x) * -1 + (facet - 0.42) * 1.5)
      let colour = mixColour(range.near, range.light, facing * Math.exp(-depth / 150) * 0.86)
      const snow = smooth(0.46, 0.6, facet) * smooth(120, 10, depth) * (i === 0 ? 0.75 : i === 1 ? 0.4 : 0)
      colour = mixColour(colour, [255, 226, 214], snow)
      const mist = smooth(60, 260, depth) * 0.5 + range.haze
      return mixColour(colour, [236, 176, 160], clamp(mist * smooth(-30, 220, y - 280) * 0.72))
    }
    return sky(x, y)
  }

  function point(x, y) {
    if (y < shore) return land(x, y)
    const depth = (y - shore) / (height - shore)
    const stretch = 1 + depth * 5
    const wave = fractal(x / (46 * stretch), y / (3.2 * stretch), 201, 4) - 0.47
    const mirrored = shore - (y - shore) * 1.06 + wave * (26 + depth * 190)
    const shaken = x + wave * (4 + depth * 40)
    let colour = land(clamp(shaken / width) * width, Math.min(shore - 1, Math.max(0, mirrored)))
    const deep = mixColour([26, 38, 70], [16, 24, 48], depth)
    colour = mixColour(colour, deep, 0.24 + depth * 0.34)
    const spark = fractal(x / 11, y / 2.1, 301, 3)
    const path = Math.exp(-Math.abs(x - sun.x) / (46 + depth * 120))
    const glint = smooth(0.56, 0.7, spark) * path * (1 - depth * 0.6)
    colour = [colour[0] + 190 * glint, colour[1] + 128 * glint, colour[2] + 66 * glint]
    const edge = Math.exp(-(y - shore) / 5)
    return mixColour(colour, [206, 158, 150], edge * 0.42)
  }

  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [r, g, b] = point(x, y)
      const edge = 1 - 0.34 * Math.pow(Math.hypot(x / width - 0.5, y / height - 0.5) * 1.35, 3)
      const at = (y * width + x) * 4
      image.data[at] = r * edge
      image.data[at + 1] = g * edge
      image.data[at + 2] = b * edge
      image.data[at + 3] = 255
    }
  }
  context.putImageData(image, 0, 0)

  // Reeds in front, against the light.
  for (let i = 0; i < 90; i++) {
    const left = random() < 0.72
    const x = left ? Math.pow(random(), 1.5) * 430 - 20 : width - Math.pow(random(), 2) * 230
    const tall = 120 + random() * 250
    const bend = (random() - 0.4) * 110
    context.strokeStyle = `rgba(${10 + random() * 18}, ${14 + random() * 14}, ${20 + random() * 14}, 0.96)`
    context.lineWidth = 1.6 + random() * 2.4
    context.beginPath()
    context.moveTo(x, height + 6)
    context.quadraticCurveTo(x + bend * 0.1, height - tall * 0.6, x + bend, height - tall)
    context.stroke()
    if (random() < 0.36) {
      context.lineWidth = 6.5
      context.lineCap = 'round'
      context.beginPath()
      context.moveTo(x + bend * 0.86, height - tall * 0.93)
      context.lineTo(x + bend * 1.02, height - tall - 26)
      context.stroke()
    }
  }
  return canvas
}

/** A dahlia: petals on the golden angle, the outermost first, each with its own light, shadow and veins. */
function dahlia() {
  const canvas = canvasOf(width, height)
  const context = canvas.getContext('2d')
  const random = randomFrom(31)
  const back = context.createRadialGradient(520, 330, 60, 640, 480, 900)
  back.addColorStop(0, '#3d5a44')
  back.addColorStop(0.5, '#1c3029')
  back.addColorStop(1, '#0b1513')
  context.fillStyle = back
  context.fillRect(0, 0, width, height)
  for (let i = 0; i < 46; i++) {
    const radius = 18 + random() * 74
    const x = random() * width
    const y = random() * height
    const disc = context.createRadialGradient(x, y, radius * 0.2, x, y, radius)
    const colour = random() < 0.3 ? '232, 186, 120' : '126, 170, 128'
    disc.addColorStop(0, `rgba(${colour}, ${0.05 + random() * 0.08})`)
    disc.addColorStop(0.86, `rgba(${colour}, ${0.06 + random() * 0.1})`)
    disc.addColorStop(1, `rgba(${colour}, 0)`)
    context.fillStyle = disc
    context.beginPath()
    context.arc(x, y, radius, 0, 7)
    context.fill()
  }

  const golden = Math.PI * (3 - Math.sqrt(5))
  const petals = 330
  context.translate(652, 486)
  context.scale(1, 0.965)
  for (let i = petals; i >= 1; i--) {
    const t = i / petals
    const angle = i * golden
    const out = 452 * Math.pow(t, 0.66)
    const long = 34 + 176 * Math.pow(t, 0.74)
    const broad = 12 + 52 * Math.pow(t, 0.7)
    const turn = Math.cos(angle + 2.2)
    context.save()
    context.rotate(angle)
    context.translate(out - long * 0.86, 0)
    context.rotate((random() - 0.5) * 0.12)
    context.shadowColor = 'rgba(30, 0, 16, 0.62)'
    context.shadowBlur = 12 * t + 5
    context.shadowOffsetX = 5
    context.shadowOffsetY = 7
    const light = 0.5 + turn * 0.3 + (random() - 0.5) * 0.1
    const root = mixColour([58, 0, 30], [128, 8, 40], t)
    const middle = mixColour(
      mixColour([112, 6, 40], [168, 20, 52], light),
      mixColour([206, 44, 62], [246, 96, 84], light),
      t,
    )
    const tip = mixColour(
      mixColour([188, 40, 62], [232, 110, 100], light),
      mixColour([250, 176, 138], [255, 238, 208], light),
      t,
    )
    const fill = context.createLinearGradient(0, 0, long, 0)
    fill.addColorStop(0, css(root))
    fill.addColorStop(0.48, css(middle))
    fill.addColorStop(0.84, css(mixColour(middle, tip, 0.5)))
    fill.addColorStop(1, css(tip))
    context.fillStyle = fill
    const petal = new Path2D()
    petal.moveTo(0, 0)
    petal.bezierCurveTo(long * 0.2, -broad * 0.52, long * 0.66, -broad * 0.72, long, -broad * 0.02)
    petal.bezierCurveTo(long * 0.66, broad * 0.72, long * 0.2, broad * 0.52, 0, 0)
    // The rule takes this for an array.
    // oxlint-disable-next-line unicorn/no-array-fill-with-reference-type
    context.fill(petal)
    context.shadowColor = 'transparent'
    context.clip(petal)
    const fold = context.createLinearGradient(0, -broad * 0.6, 0, broad * 0.6)
    fold.addColorStop(0, `rgba(255, 226, 206, ${0.34 * light})`)
    fold.addColorStop(0.46, 'rgba(90, 0, 30, 0.26)')
    fold.addColorStop(0.54, 'rgba(90, 0, 30, 0.3)')
    fold.addColorStop(1, `rgba(255, 206, 186, ${0.26 * light})`)
    context.fillStyle = fold
    context.fillRect(0, -broad, long, broad * 2)
    for (let vein = -3; vein <= 3; vein++) {
      context.strokeStyle = vein % 2 === 0 ? 'rgba(96, 0, 34, 0.4)' : 'rgba(255, 206, 190, 0.26)'
      context.lineWidth = 0.8 + t * 0.9
      context.beginPath()
      context.moveTo(long * 0.06, 0)
      context.quadraticCurveTo(long * 0.5, vein * broad * 0.2, long * 0.96, vein * broad * 0.05)
      context.stroke()
    }
    context.restore()
    // Dew on some of the outer petals: small, bright, and gone in the small picture until it is enlarged.
    if (t > 0.3 && random() < 0.16) {
      context.save()
      context.rotate(angle)
      context.translate(out - long * (0.16 + random() * 0.3), (random() - 0.5) * broad * 0.5)
      const size = 3.5 + random() * 6
      context.fillStyle = 'rgba(70, 0, 24, 0.5)'
      context.beginPath()
      context.arc(1.6, 2, size, 0, 7)
      context.fill()
      const drop = context.createRadialGradient(-size * 0.3, -size * 0.4, 0.4, 0, 0, size)
      drop.addColorStop(0, 'rgba(255, 255, 255, 0.98)')
      drop.addColorStop(0.3, 'rgba(255, 206, 206, 0.66)')
      drop.addColorStop(1, 'rgba(255, 240, 236, 0.34)')
      context.fillStyle = drop
      context.beginPath()
      context.arc(0, 0, size, 0, 7)
      context.fill()
      context.restore()
    }
  }
  return canvas
}

/** A harbour city at night: windows, masts and signs, and all of it again in the water. */
function harbour() {
  const canvas = canvasOf(width, height)
  const context = canvas.getContext('2d')
  const random = randomFrom(2031)
  const shore = 610
  const sky = context.createLinearGradient(0, 0, 0, shore)
  sky.addColorStop(0, '#070b1c')
  sky.addColorStop(0.5, '#14204a')
  sky.addColorStop(0.82, '#42386c')
  sky.addColorStop(1, '#9a5a68')
  context.fillStyle = sky
  context.fillRect(0, 0, width, height)
  for (let i = 0; i < 330; i++) {
    const y = Math.pow(random(), 1.4) * 460
    context.fillStyle = `rgba(255, ${226 + random() * 29}, ${206 + random() * 49}, ${(0.25 + random() * 0.7) * (1 - y / 560)})`
    const size = random() < 0.06 ? 2.5 : 1 + random()
    context.fillRect(random() * width, y, size, size)
  }
  const halo = context.createRadialGradient(300, 176, 34, 300, 176, 250)
  halo.addColorStop(0, 'rgba(255, 236, 206, 0.5)')
  halo.addColorStop(0.2, 'rgba(255, 222, 186, 0.16)')
  halo.addColorStop(1, 'rgba(255, 222, 186, 0)')
  context.fillStyle = halo
  context.fillRect(0, 0, width, shore)
  context.fillStyle = '#fff0d8'
  context.beginPath()
  context.arc(300, 176, 46, 0, 7)
  context.fill()
  context.fillStyle = 'rgba(206, 180, 160, 0.5)'
  for (const [x, y, r] of [
    [286, 160, 12],
    [314, 188, 9],
    [296, 196, 6],
    [322, 160, 5],
    [278, 184, 5],
  ]) {
    context.beginPath()
    context.arc(x, y, r, 0, 7)
    context.fill()
  }

  const warm = ['#ffd98a', '#ffc46a', '#ffe9b8', '#ffb25a', '#cfe4ff', '#ffdf9e']
  for (const layer of [0, 1, 2]) {
    let x = -30
    while (x < width + 20) {
      const middle = 1 - Math.abs(x - 700) / 760
      const wide = 46 + random() * (layer === 2 ? 92 : 70)
      const tall =
        (layer === 0 ? 150 : layer === 1 ? 110 : 60) +
        random() * (layer === 2 ? 130 : 250) * Math.max(0.3, middle)
      const top = shore - tall
      const dark = ['#2c2c5c', '#1a1d42', '#0c0f26'][layer]
      const face = context.createLinearGradient(0, top, 0, shore)
      face.addColorStop(0, dark)
      face.addColorStop(1, ['#5c4670', '#2c274e', '#15142c'][layer])
      context.fillStyle = face
      context.fillRect(x, top, wide, tall)
      if (random() < 0.4) context.fillRect(x + wide * 0.22, top - 16 - random() * 22, wide * 0.56, 44)
      if (random() < 0.5) {
        context.strokeStyle = dark
        context.lineWidth = 3
        context.beginPath()
        context.moveTo(x + wide / 2, top)
        context.lineTo(x + wide / 2, top - 40 - random() * 66)
        context.stroke()
        context.fillStyle = '#ff5040'
        context.fillRect(x + wide / 2 - 2.5, top - 42, 5, 5)
      }
      const stepX = 9 + Math.floor(random() * 5)
      const stepY = 12 + Math.floor(random() * 5)
      const share = 0.26 + random() * 0.42
      for (let wy = top + 12; wy < shore - 12; wy += stepY) {
        for (let wx = x + 7; wx < x + wide - 9; wx += stepX) {
          if (random() > share) continue
          context.globalAlpha = (0.3 + random() * 0.7) * [0.5, 0.8, 1][layer]
          context.fillStyle = warm[Math.floor(random() * warm.length)]
          context.fillRect(wx, wy, stepX - 4, stepY - 5)
        }
      }
      context.globalAlpha = 1
      x += wide + (layer === 2 ? random() * 26 : random() * 10)
    }
  }

  // A suspension bridge on the right, hung with lamps.
  context.strokeStyle = '#d8a184'
  context.lineWidth = 5
  const towers = [880, 1190]
  for (const tower of towers) {
    context.strokeRect(tower - 9, 330, 18, shore - 330)
    for (let y = 350; y < shore; y += 34) {
      context.lineWidth = 2
      context.beginPath()
      context.moveTo(tower - 9, y)
      context.lineTo(tower + 9, y + 17)
      context.lineTo(tower - 9, y + 34)
      context.stroke()
    }
    context.lineWidth = 5
  }
  const cable = (x) => {
    const [a, b] = towers
    if (x < a) return mix(552, 336, Math.pow(clamp((x - 620) / (a - 620)), 1.7))
    if (x > b) return mix(336, 470, (x - b) / 140)
    return 336 + 190 * (1 - Math.pow(((x - a) / (b - a)) * 2 - 1, 2))
  }
  context.lineWidth = 3.4
  context.beginPath()
  for (let x = 620; x <= width; x += 4) context.lineTo(x, cable(x))
  context.stroke()
  context.lineWidth = 1.2
  for (let x = 632; x <= width; x += 14) {
    context.beginPath()
    context.moveTo(x, cable(x))
    context.lineTo(x, 560)
    context.stroke()
  }
  context.fillStyle = '#2a1d30'
  context.fillRect(600, 558, width, 11)
  for (let x = 636; x < width; x += 28) {
    context.fillStyle = '#fff2c8'
    context.beginPath()
    context.arc(x, cable(x), 3, 0, 7)
    context.fill()
    context.fillStyle = '#ffcf7a'
    context.fillRect(x, 551, 4, 6)
  }

  const sign = (text, x, y, colour, size) => {
    context.font = `700 ${size}px "DejaVu Sans Condensed", sans-serif`
    context.shadowColor = colour
    context.shadowBlur = 20
    context.fillStyle = colour
    context.fillText(text, x, y)
    context.shadowBlur = 0
    context.fillStyle = 'rgba(255, 255, 255, 0.62)'
    context.fillText(text, x, y)
  }
  sign('HOTEL AURORA', 128, 470, '#ff4f5e', 34)
  sign('KINO', 486, 520, '#46d8ff', 40)
  sign('CAFÉ', 700, 540, '#ffb347', 26)
  context.fillStyle = '#0a0b18'
  context.fillRect(0, shore - 7, width, 14)

  // The water: row by row, the city again, upside down, shaken and pulled downwards.
  const above = context.getImageData(0, 0, width, shore)
  const water = context.createImageData(width, height - shore)
  for (let y = 0; y < height - shore; y++) {
    const depth = y / (height - shore)
    for (let x = 0; x < width; x++) {
      const wave = fractal(x / (60 + depth * 90), y / (4 + depth * 12), 77, 4) - 0.47
      const sy = Math.round(
        Math.min(shore - 9, Math.max(0, shore - 9 - y * 1.25 + wave * (40 + depth * 150))),
      )
      const sx = Math.round(Math.min(width - 1, Math.max(0, x + wave * (10 + depth * 60))))
      const from = (sy * width + sx) * 4
      const to = (y * width + x) * 4
      const dim = 0.8 - depth * 0.36
      water.data[to] = above.data[from] * dim + 4
      water.data[to + 1] = above.data[from + 1] * dim + 7
      water.data[to + 2] = above.data[from + 2] * dim + 18
      water.data[to + 3] = 255
    }
  }
  context.putImageData(water, 0, shore)

  // A sailing boat with its rigging.
  context.save()
  context.translate(300, 742)
  context.fillStyle = '#0a0a16'
  context.strokeStyle = '#0a0a16'
  context.beginPath()
  context.moveTo(-120, -8)
  context.quadraticCurveTo(0, 16, 142, -22)
  context.quadraticCurveTo(110, 32, 60, 34)
  context.lineTo(-86, 34)
  context.quadraticCurveTo(-112, 20, -120, -8)
  context.fill()
  context.lineWidth = 5
  context.beginPath()
  context.moveTo(6, 0)
  context.lineTo(6, -262)
  context.stroke()
  context.lineWidth = 1.5
  for (const x of [-112, -70, 62, 136]) {
    context.beginPath()
    context.moveTo(6, -256)
    context.lineTo(x, -8)
    context.stroke()
  }
  for (let y = -40; y > -250; y -= 26) {
    context.beginPath()
    context.moveTo(6 + (y + 262) * -0.32, y)
    context.lineTo(6 + (y + 262) * 0.25, y)
    context.stroke()
  }
  context.fillStyle = '#ffd98a'
  for (const x of [-56, -28, 0, 28]) context.fillRect(x, 4, 12, 7)
  context.restore()
  return canvas
}

/** Draws a scene and gives it as a PNG in base64, at full size or averaged down to a quarter. */
export async function draw(name, side) {
  const large = { lake, dahlia, harbour }[name]()
  const shrink = side / width
  let current = large
  // Halving again and again averages every pixel; one big step would leave some out.
  while (current.width * 0.5 >= width * shrink) {
    const half = canvasOf(current.width / 2, current.height / 2)
    const context = half.getContext('2d')
    context.imageSmoothingQuality = 'high'
    context.drawImage(current, 0, 0, half.width, half.height)
    current = half
  }
  return current.toDataURL('image/png').split(',')[1]
}
