/** Named as tests are, and none. */
export const document: { openapi: string } = { openapi: "3.1.0" };
