import { app } from './app.ts'

const server = app.listen(Number(process.env['PORT'] ?? 3000), () => {
  console.log('listening on', server.address())
})
