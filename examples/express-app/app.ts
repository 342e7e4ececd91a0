/** An app whose users pay for enlarging pictures. Tallystick runs beside it: TALLYSTICK_URL and TALLYSTICK_API_KEY say where. */
import express from 'express'

export const app = express()

// <ten-lines>
import { createClient } from '@tallystick/client'
import { requireCredits } from '@tallystick/client/express'
import type catalog from './tallystick.config.ts'

const credits = createClient<typeof catalog>()
const customer = (req: express.Request) => req.get('x-user') ?? 'guest' // your session's user

app.get('/credits', async (req, res) => void res.json(await credits.balance(customer(req))))
app.post('/enlarge', requireCredits(credits, 'image.hires', { customer }), (req, res) => {
  res.json({ picture: 'four times as large' })
})
// </ten-lines>
