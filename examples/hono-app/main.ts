import { serve } from '@hono/node-server'
import { createApp } from './app.ts'

const { fetch } = await createApp({
  dataDir: '.tallystick/db',
  apiKey: process.env['TALLYSTICK_API_KEY'] ?? 'tsk_test_of_this_example',
})
serve({ fetch, port: Number(process.env['PORT'] ?? 3000) }, ({ port }) => {
  console.log(`listening on http://localhost:${port}`)
})
