import type { Command } from 'commander'

export interface PlaceFlags {
  data?: string
  config?: string
}

/** With the two flags that say which database and which catalog. */
export function placed(command: Command): Command {
  return command
    .option('--data <folder>', 'the folder of the embedded database (TALLYSTICK_DATA)')
    .option('--config <file>', 'the catalog (TALLYSTICK_CONFIG, tallystick.config.ts)')
}
