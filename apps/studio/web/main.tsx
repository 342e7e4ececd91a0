import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { App } from './app.tsx'
import { keptLight, showLight } from './parts/light.ts'
import './styles.css'

showLight(keptLight())

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      // What changes is told by the stream of events; asking again on every focus would only repeat it.
      refetchOnWindowFocus: false,
      staleTime: 30_000,
      retry: 3,
    },
  },
})

const root = document.getElementById('root')
if (root === null) throw new Error('index.html has no element for the studio.')
createRoot(root).render(
  <StrictMode>
    <QueryClientProvider client={queries}>
      <App />
    </QueryClientProvider>
  </StrictMode>,
)
