/** What the form holds of the status page's groups. */
export type Arrangement = { groups: { name: string; taskIds: string[] }[]; others: boolean };
export type NamedTask = { readonly id: string; readonly name: string };
