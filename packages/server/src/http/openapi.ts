import { OpenAPIHono, z } from '@hono/zod-openapi'
import { idempotencyKeyRequired, invalidRequest } from '../kernel/invalid-request.ts'
import type { RefusalDefinition } from '../kernel/refusal.ts'
import { bodyTooLarge, databaseUnavailable, internalError, unsupportedMediaType } from './errors.ts'
import { problemSchema } from './problem.ts'
import type { Route, RouteRefusal } from './route.ts'

export type OpenApiDocument = ReturnType<OpenAPIHono['getOpenAPI31Document']>

interface Documented {
  readonly definition: Pick<RefusalDefinition<never>, 'code' | 'status' | 'title' | 'help'>
  readonly problem: z.ZodType
}

/** The OpenAPI 3.1 document of the routes. `unauthorized` is what routes with a secret key answer without one. */
export function openApiDocument(
  routes: readonly Route[],
  about: {
    readonly title: string
    readonly version: string
    readonly description: string
    readonly unauthorized: RouteRefusal
  },
): OpenApiDocument {
  const { openAPIRegistry: registry, getOpenAPI31Document } = new OpenAPIHono()
  registry.registerComponent('securitySchemes', 'secretKey', {
    type: 'http',
    scheme: 'bearer',
    description: 'A secret key: tsk_test_… or tsk_live_….',
  })
  for (const route of routes) {
    if (route.hidden === true) continue
    const open = route.access === 'open'
    registry.registerPath({
      method: route.method === 'GET' ? 'get' : route.method === 'POST' ? 'post' : 'put',
      path: route.path,
      operationId: route.id,
      tags: [route.tag],
      summary: route.summary,
      ...(route.description === undefined ? {} : { description: route.description }),
      security: open ? [] : [{ secretKey: [] }],
      request: {
        ...(isEmpty(route.params) ? {} : { params: route.params }),
        ...(isEmpty(route.query) ? {} : { query: route.query }),
        ...(route.keyed === true ? { headers: keyHeader } : {}),
        ...(route.body === undefined
          ? {}
          : { body: { required: true, content: { 'application/json': { schema: route.body } } } }),
      },
      responses: {
        200: {
          description: 'Done.',
          content: { [route.answerType ?? 'application/json']: { schema: route.answer } },
        },
        ...problemResponses([
          ...(open ? [] : [about.unauthorized]),
          ...(needsNoParsing(route) ? [] : [invalidRequest]),
          ...(route.keyed === true ? [idempotencyKeyRequired] : []),
          ...(route.body === undefined && route.raw !== true ? [] : [bodyTooLarge]),
          ...(route.body === undefined || route.raw === true ? [] : [unsupportedMediaType]),
          ...route.refusals,
          internalError,
          databaseUnavailable,
        ]),
      },
    })
  }
  return getOpenAPI31Document({
    openapi: '3.1.0',
    info: { title: about.title, version: about.version, description: about.description },
    servers: [{ url: '/' }],
  })
}

const keyHeader = z.object({
  'Idempotency-Key': z.string().openapi({
    minLength: 1,
    maxLength: 255,
    description: 'A new UUID for each new request; the same one when it is repeated.',
  }),
})

function isEmpty(schema: z.ZodObject): boolean {
  return Object.keys(schema.shape).length === 0
}

function needsNoParsing(route: Route): boolean {
  return isEmpty(route.params) && isEmpty(route.query) && route.body === undefined
}

/** One response a status; several refusals of a status share it, each named in its description. */
function problemResponses(refusals: readonly RouteRefusal[]) {
  const byStatus = new Map<number, Documented[]>()
  for (const refusal of refusals) {
    const documented: Documented =
      'refusal' in refusal
        ? { definition: refusal.refusal.definition, problem: refusal.problem }
        : { definition: refusal.definition, problem: problemSchema }
    const { status } = documented.definition
    byStatus.set(status, [...(byStatus.get(status) ?? []), documented])
  }
  return Object.fromEntries(
    [...byStatus].map(([status, documented]) => [
      status,
      {
        description: documented
          .map(({ definition }) => `\`${definition.code}\`: ${definition.title}. ${definition.help}`)
          .join('\n\n'),
        content: { 'application/problem+json': { schema: anyOf(documented.map(({ problem }) => problem)) } },
      },
    ]),
  )
}

function anyOf(problems: readonly z.ZodType[]): z.ZodType {
  const [first = problemSchema, ...others] = new Set(problems)
  return others.length === 0 ? first : z.union([first, ...others])
}
