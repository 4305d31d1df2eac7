// Types of corpus.mjs, for those who read it from TypeScript.

interface Words {
  readonly name: string;
  readonly keywords: readonly string[];
  readonly unseen: readonly string[];
}

export declare const STYLES: readonly string[];
export declare const UNSEEN_STYLE: string;
export declare const TRAINED_LANGUAGES: readonly string[];
export declare const OTHER_LANGUAGES: readonly string[];
export declare const LANGUAGES: readonly string[];
export declare function characterOf(code: string): string;
export declare function hasTone(code: string): boolean;
export declare function isUnseen(code: string): boolean;
export declare function loadWords(language: string): Map<string, Words>;
export declare function loadGroups(): Map<string, string>;
export declare function loadArt(style: string, size: number): Map<string, string>;
