/** The part of a catalog that the client's types read; `defineCatalog` of the server answers one. */
export interface CatalogShape {
  readonly units?: object
  readonly actions: object
  readonly packs?: object
}

/** What stands for a catalog when none is given: any name is accepted, and the server decides. */
export interface AnyCatalog extends CatalogShape {
  readonly units: Record<string, unknown>
  readonly actions: Record<string, unknown>
  readonly packs: Record<string, unknown>
}

export type ActionOf<C extends CatalogShape> = keyof C['actions'] & string
export type PackOf<C extends CatalogShape> = keyof NonNullable<C['packs']> & string
export type UnitOf<C extends CatalogShape> = keyof NonNullable<C['units']> & string
