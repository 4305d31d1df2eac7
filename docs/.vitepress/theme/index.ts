// VitePress's own theme with the fonts of the reader's system, and the live field.

import type { Theme } from 'vitepress';
import DefaultTheme from 'vitepress/theme-without-fonts';
import LiveText from './LiveText.vue';
import './style.css';

export default {
  extends: DefaultTheme,
  enhanceApp({ app }) {
    app.component('LiveText', LiveText);
  },
} satisfies Theme;
