import { z } from '@hono/zod-openapi'
import type { RefusalMaker } from '../kernel/refusal.ts'

/** A refusal that a route gives, and the schema of its facts where programs read them. */
export type RouteRefusal =
  | RefusalMaker<never>
  | { readonly refusal: RefusalMaker<never>; readonly problem: z.ZodType }

export interface RouteRequest<Params, Query, Body, Keyed> {
  readonly params: Params
  readonly query: Query
  readonly body: Body
  readonly idempotencyKey: Keyed extends true ? string : undefined
  readonly headers: Headers
  /** The body as it came, byte for byte, for what is signed. Empty unless the route is `raw`. */
  readonly rawBody: string
  readonly requestId: string
}

export interface RouteDefinition<
  Params extends z.ZodObject,
  Query extends z.ZodObject,
  Body extends z.ZodObject,
  Answer extends z.ZodType,
  Keyed extends boolean,
> {
  readonly method: 'GET' | 'POST' | 'PUT'
  /** With parameters in braces: `/v1/holds/{hold}`. */
  readonly path: `/${string}`
  /** Names the route in OpenAPI: `captureHold`. */
  readonly id: string
  readonly tag: string
  readonly summary: string
  readonly description?: string
  /** Who may call it: holders of a secret key, unless it is open. */
  readonly access?: 'secret_key' | 'open'
  /** Whether an Idempotency-Key is required. */
  readonly keyed?: Keyed
  /** Whether the handler reads `rawBody` itself; `body` is then for the documentation only and stays empty. */
  readonly raw?: boolean
  /** How long the body may be, where the usual 1 MiB is not enough. */
  readonly bodyBytesMax?: number
  readonly params?: Params
  /** Strict objects: an unknown field is refused by its name. */
  readonly query?: Query
  readonly body?: Body
  readonly answer: Answer
  /** The media type of an answer that is text, or a `FileAnswer`, as it is: JSON unless given. */
  readonly answerType?: string
  readonly refusals: readonly RouteRefusal[]
  /** Left out of the OpenAPI document. */
  readonly hidden?: boolean
  handle(
    request: RouteRequest<z.output<Params>, z.output<Query>, z.output<Body>, Keyed>,
  ): Promise<z.input<Answer>> | z.input<Answer>
}

/** A route whose types have done their work: what `createApp` is given. */
export interface Route
  extends Omit<RouteDefinition<z.ZodObject, z.ZodObject, z.ZodObject, z.ZodType, boolean>, 'handle'> {
  readonly params: z.ZodObject
  readonly query: z.ZodObject
  handle(request: RouteRequest<unknown, unknown, unknown, boolean>): Promise<unknown>
}

/** A file to be saved, with a route's `answerType`. */
export interface FileAnswer {
  readonly bytes: Uint8Array
  /** Letters, digits, dashes, underscores and dots. */
  readonly fileName: string
}

export const fileSchema = z.custom<FileAnswer>().openapi({ type: 'string', format: 'binary' })

const nothing = z.strictObject({})
type Nothing = typeof nothing

/** Declares a route: its schemas serve for validation, for OpenAPI and for the client's types. */
export function route<
  Answer extends z.ZodType,
  Params extends z.ZodObject = Nothing,
  Query extends z.ZodObject = Nothing,
  Body extends z.ZodObject = Nothing,
  Keyed extends boolean = false,
>(definition: RouteDefinition<Params, Query, Body, Answer, Keyed>): Route {
  return {
    ...definition,
    params: definition.params ?? nothing,
    query: definition.query ?? nothing,
    handle: async (request) => {
      // The app has parsed these with this definition's own schemas.
      const parsed = request as RouteRequest<z.output<Params>, z.output<Query>, z.output<Body>, Keyed>
      return definition.handle(parsed)
    },
  }
}
