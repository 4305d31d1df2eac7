// Which rows of the canvas text is read from: what the model, the renderer and the data pipeline have to agree on.

/**
 * `'all'`; `'used'`, those that hold a line (1, 2, 4, 8 … lines of 16 px); or a number of lines, beyond which text is
 * cut off.
 */
export type TextRows = 'all' | 'used' | number;
