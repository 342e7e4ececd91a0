/** When limits' windows begin. All in UTC, weeks from Monday, rolling windows in 24 parts. */
const hourMs = 3_600_000

const rollingMs: Readonly<Record<string, number>> = {
  rolling_hour: hourMs,
  rolling_day: 24 * hourMs,
  rolling_week: 7 * 24 * hourMs,
  rolling_month: 30 * 24 * hourMs,
}

export function bucketStart(window: string, at: Date): Date {
  const rolling = rollingMs[window]
  if (rolling !== undefined) {
    const partMs = rolling / 24
    return new Date(at.getTime() - (at.getTime() % partMs))
  }
  const [year, month, day] = [at.getUTCFullYear(), at.getUTCMonth(), at.getUTCDate()]
  switch (window) {
    case 'day':
      return new Date(Date.UTC(year, month, day))
    case 'week':
      return new Date(Date.UTC(year, month, day - ((at.getUTCDay() + 6) % 7)))
    case 'month':
      return new Date(Date.UTC(year, month, 1))
    default:
      return new Date(0)
  }
}

export function isInWindow(window: string, bucket: Date, now: Date): boolean {
  const rolling = rollingMs[window]
  if (rolling !== undefined) return bucket.getTime() > now.getTime() - rolling
  return bucket.getTime() === bucketStart(window, now).getTime()
}
