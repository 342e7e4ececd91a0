/** Set by the build: false in production, where the tools for breaking things are not even in the files. */
declare const __CAN_BREAK__: boolean
