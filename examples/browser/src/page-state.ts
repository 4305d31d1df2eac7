// What of the page can be shared or kept: the text in the address (#q=…), the colours in the browser's storage, where it has one.

/** Longer texts stay out of the address. */
const LONGEST = 500;

export function textInAddress(): string | undefined {
  return new URLSearchParams(location.hash.slice(1)).get('q') ?? undefined;
}

let timer: ReturnType<typeof setTimeout> | undefined;

/** Written when typing pauses: browsers count how often an address changes. */
export function keepInAddress(text: string): void {
  clearTimeout(timer);
  timer = setTimeout(() => {
    const hash = text === '' || text.length > LONGEST ? ' ' : `#${new URLSearchParams({ q: text })}`;
    history.replaceState(null, '', hash === ' ' ? location.pathname + location.search : hash);
  }, 300);
}

const THEME = 'clippo-theme';

/** Follows the system until the visitor says otherwise. @param changed - called after the colours have changed */
export function switchTheme(button: HTMLButtonElement, changed: () => void): void {
  const system = matchMedia('(prefers-color-scheme: dark)');
  let chosen = stored();
  const show = (): void => {
    const dark = chosen === undefined ? system.matches : chosen === 'dark';
    if (chosen === undefined) delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = chosen;
    button.ariaPressed = String(dark);
    changed();
  };
  button.addEventListener('click', () => {
    chosen = button.ariaPressed === 'true' ? 'light' : 'dark';
    store(chosen);
    show();
  });
  system.addEventListener('change', show);
  show();
}

/** Storage may be forbidden; then the choice lasts as long as the page. */
function stored(): 'light' | 'dark' | undefined {
  try {
    const value = localStorage.getItem(THEME);
    return value === 'light' || value === 'dark' ? value : undefined;
  } catch {
    return undefined;
  }
}

function store(theme: string): void {
  try {
    localStorage.setItem(THEME, theme);
  } catch {
    // nothing to keep it in
  }
}
