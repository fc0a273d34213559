/** Everything comes from us, nothing is inline. `formTargets`: where a form may lead besides ourselves, redirects included. */
export function contentSecurityPolicy(formTargets: readonly string[] = []) {
  return {
    useDefaults: false,
    directives: {
      defaultSrc: ["'none'"],
      scriptSrc: ["'self'"],
      styleSrc: ["'self'"],
      // The foundation's check marks and arrows are data: images in its style sheet.
      imgSrc: ["'self'", 'data:'],
      connectSrc: ["'self'"],
      formAction: ["'self'", ...formTargets],
      baseUri: ["'none'"],
      frameAncestors: ["'none'"],
    },
  };
}
