// A component as TypeScript sees it without a compiler for Vue.

declare module '*.vue' {
  import type { DefineComponent } from 'vue';

  const component: DefineComponent;
  export default component;
}
