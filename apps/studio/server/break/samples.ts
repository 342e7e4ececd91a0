import { join } from 'node:path'

const web = join(import.meta.dirname, '../../web/public/samples')

/** Small enough that ten of them are made in a second or two. */
export const tinySample = join(web, 'tiny.png')
export const lakeSample = join(web, 'lake.png')
