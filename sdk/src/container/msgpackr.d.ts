/** msgpackr has no types for this entry: the build without `eval`, needed where a Content Security Policy forbids it. */
declare module 'msgpackr/index-no-eval' {
  export { Packr, Unpackr } from 'msgpackr';
}
