import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { DevState } from './dev-state.ts'
import type { ChildPlan } from './managed-child.ts'

export interface RunCommand {
  readonly name: string
  readonly command: string
}

export interface PlanInput {
  readonly folder: string
  readonly configFile: string
  readonly commands: readonly RunCommand[]
  readonly ports: ReadonlyMap<string, number>
  readonly state: DevState
  readonly environment: NodeJS.ProcessEnv
}

export interface Plans {
  readonly dodo: ChildPlan
  readonly server: ChildPlan
  readonly commands: readonly ChildPlan[]
  /** What an app needs to know to use the server: written to `.env.local`, given to the commands. */
  readonly appVariables: Readonly<Record<string, string>>
}

/** From source in the repository, compiled when installed: children run as this file does. */
const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
const nodeArgs = extension === 'ts' ? ['--conditions=source', '--disable-warning=ExperimentalWarning'] : []
const guard = new URL(`./parent-guard.${extension}`, import.meta.url).href

/** A development stack is for this machine: its keys lie in a file, and its server can be told to crash. */
const host = '127.0.0.1'

/** Variables of an app's own surroundings that must not lead the local server to another database or to real money. */
const notForTheServer = ['DATABASE_URL', 'DODO_PAYMENTS_ENVIRONMENT']

/** The processes of a stack and what each is told. Secrets go by environment: arguments are for all to see in `ps`. */
export function planChildren({ folder, configFile, commands, ports, state, environment }: PlanInput): Plans {
  const addressOf = (name: string) => `http://localhost:${ports.get(name)}`
  const dodoVariables = {
    DODO_PAYMENTS_BASE_URL: addressOf('dodo'),
    DODO_PAYMENTS_API_KEY: state.dodo_api_key,
    DODO_PAYMENTS_WEBHOOK_KEY: state.webhook_secret,
  }
  const appVariables = { TALLYSTICK_URL: addressOf('server'), TALLYSTICK_API_KEY: state.api_key }
  const inherited = without(environment, notForTheServer)

  return {
    appVariables,
    dodo: {
      name: 'dodo',
      kind: 'service',
      command: process.execPath,
      args: [...nodeArgs, `--import=${guard}`, fileURLToPath(dodoCli())],
      env: {
        ...inherited,
        HOST: host,
        DODO_SANDBOX_HOST: host,
        DODO_SANDBOX_PORT: String(ports.get('dodo')),
        DODO_SANDBOX_STATE: join(folder, 'dodo.sqlite'),
        DODO_SANDBOX_API_KEY: state.dodo_api_key,
        DODO_SANDBOX_WEBHOOK_URL: `${addressOf('server')}/v1/webhooks/dodo`,
        DODO_SANDBOX_WEBHOOK_SECRET: state.webhook_secret,
      },
      probeUrl: addressOf('dodo'),
    },
    server: {
      name: 'server',
      kind: 'service',
      command: process.execPath,
      args: [
        ...nodeArgs,
        `--import=${guard}`,
        fileURLToPath(new URL(`../main.${extension}`, import.meta.url)),
        'serve',
      ],
      env: {
        ...inherited,
        ...dodoVariables,
        TALLYSTICK_DEV: '1',
        TALLYSTICK_DATA: folder,
        TALLYSTICK_CONFIG: configFile,
        TALLYSTICK_API_KEY: state.api_key,
        HOST: host,
        PORT: String(ports.get('server')),
      },
      probeUrl: `${addressOf('server')}/health`,
    },
    commands: commands.map(({ name, command }) => ({
      name,
      kind: 'command',
      command: process.execPath,
      args: [fileURLToPath(new URL(`./run-guarded.${extension}`, import.meta.url)), command],
      env: {
        ...environment,
        ...dodoVariables,
        ...appVariables,
        TALLYSTICK_DEV: '1',
        TALLYSTICK_DATA: folder,
        HOST: host,
        PORT: String(ports.get(name)),
      },
      probeUrl: addressOf(name),
    })),
  }
}

/** The command of the sandbox's package lies beside the module that the package exports. */
function dodoCli(): string {
  const exported = import.meta.resolve('@tallystick/dodo-sandbox')
  return new URL(`./cli.${extension}`, exported).href
}

function without(environment: NodeJS.ProcessEnv, names: readonly string[]): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !names.includes(name)))
}
