/** Builds the pages: `node --conditions=source build.ts development|production [FOLDER]`. */
import { join } from 'node:path'
import tailwindcss from '@tailwindcss/vite'
import react from '@vitejs/plugin-react'
import { build } from 'vite'
import { type PageKind, pagesFolder } from './ensure-built.ts'

const kind: PageKind = process.argv[2] === 'development' ? 'development' : 'production'

// React decides by this which of its two builds is taken; a test runner says "test" here.
process.env['NODE_ENV'] = 'production'

await build({
  root: join(import.meta.dirname, '../../web'),
  configFile: false,
  logLevel: 'error',
  mode: 'production',
  plugins: [react(), tailwindcss()],
  // A constant, so that what it guards is not even in the production build.
  define: { __CAN_BREAK__: JSON.stringify(kind === 'development') },
  build: {
    outDir: process.argv[3] ?? pagesFolder(kind),
    emptyOutDir: true,
    reportCompressedSize: false,
    assetsInlineLimit: 0,
  },
})
