/** White light to look at prints, safelight to work by; null leaves it to the system. */
export type Light = 'white' | 'safe'

const storageKey = 'darkroom-light'

export function keptLight(): Light | null {
  const kept = localStorage.getItem(storageKey)
  return kept === 'white' || kept === 'safe' ? kept : null
}

export function showLight(light: Light | null): void {
  if (light === null) delete document.documentElement.dataset.light
  else document.documentElement.dataset.light = light
}

export function switchLight(): Light {
  const light = lightNow() === 'safe' ? 'white' : 'safe'
  localStorage.setItem(storageKey, light)
  showLight(light)
  return light
}

export function lightNow(): Light {
  return keptLight() ?? (matchMedia('(prefers-color-scheme: dark)').matches ? 'safe' : 'white')
}
