import { invalidRequest } from '../kernel/invalid-request.ts'
import { bodyTooLarge, unsupportedMediaType } from './errors.ts'

/** Few bodies of this API come near it; a webhook of the provider is a few KiB. */
const bodyBytesMaxUsual = 1024 * 1024

/**
 * The body as text, byte for byte.
 *
 * @throws bodyTooLarge before more than the limit is kept in memory
 */
export async function readText(request: Request, bodyBytesMax = bodyBytesMaxUsual): Promise<string> {
  const declared = Number(request.headers.get('content-length') ?? Number.NaN)
  if (declared > bodyBytesMax) throw bodyTooLarge({ bytesMax: bodyBytesMax })
  // A declared length is kept by the HTTP server; without one the bytes are counted as they come.
  const bytes =
    Number.isNaN(declared) && request.body !== null
      ? await readCounted(request.body, bodyBytesMax)
      : new Uint8Array(await request.arrayBuffer())
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw invalidRequest({ issues: [{ path: '', message: 'The body is not UTF-8.' }] })
  }
}

async function readCounted(body: ReadableStream<Uint8Array>, bodyBytesMax: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of body) {
    bytes += chunk.byteLength
    if (bytes > bodyBytesMax) throw bodyTooLarge({ bytesMax: bodyBytesMax })
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

/**
 * The body as JSON. An absent body is an empty object, for routes whose fields are all optional.
 *
 * @throws unsupportedMediaType, invalidRequest, bodyTooLarge
 */
export async function readJson(request: Request, bodyBytesMax?: number): Promise<unknown> {
  const text = await readText(request, bodyBytesMax)
  if (text === '') return {}
  const contentType = request.headers.get('content-type')
  if (contentType === null || !/^application\/([\w.-]+\+)?json\s*(;|$)/i.test(contentType))
    throw unsupportedMediaType({ contentType })
  try {
    return JSON.parse(text)
  } catch (error) {
    const reason = error instanceof Error ? error.message : 'it cannot be parsed'
    throw invalidRequest({
      issues: [{ path: '', message: `The body is not JSON: ${reason.replace(/\.$/, '')}.` }],
    })
  }
}
