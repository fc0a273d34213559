/** The few pages a person sees. No script, no outside asset; everything that came from outside is escaped. */

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
const escape = (text: string): string => text.replaceAll(/[&<>"']/g, (character) => entities[character] ?? character);

/** A piece of HTML that is safe as it stands. */
interface Html {
  readonly html: string;
}

/** HTML with every value escaped, except pieces made by this very function. */
function html(strings: TemplateStringsArray, ...values: readonly (string | Html | readonly Html[])[]): Html {
  const text = (value: string | Html | readonly Html[]): string => {
    if (typeof value === 'string') return escape(value);
    return 'html' in value ? value.html : value.map((each) => each.html).join('');
  };
  return { html: String.raw({ raw: strings }, ...values.map(text)) };
}

const style: Html = {
  html: `<style>
:root{color-scheme:light dark;--ink:#16202c;--paper:#f3f5f8;--card:#fff;--line:#c3ccd8;--accent:#0b5cab;--on-accent:#fff;--warn:#8c4b02;--warn-paper:#fff3e0;--bad:#a81b1b}
@media (prefers-color-scheme:dark){:root{--ink:#e8edf3;--paper:#11161d;--card:#1b232d;--line:#42505f;--accent:#78b8f5;--on-accent:#0b1420;--warn:#ffd9a0;--warn-paper:#3a2a10;--bad:#ff9d9d}}
*{box-sizing:border-box}body{margin:0;font:1rem/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper)}
.notice{margin:0;padding:.6rem 1rem;text-align:center;background:var(--warn-paper);color:var(--warn);font-weight:600}
main{max-width:26rem;margin:6vh auto;padding:1.5rem;background:var(--card);border:1px solid var(--line);border-radius:.6rem}
h1{margin:0 0 1rem;font-size:1.4rem}label{display:block;margin:.9rem 0 .25rem;font-weight:600}
input[type=text],input[type=email],input[type=password]{width:100%;padding:.55rem;font:inherit;color:inherit;background:var(--paper);border:1px solid var(--line);border-radius:.35rem}
button{margin-top:1.2rem;padding:.6rem 1.4rem;font:inherit;font-weight:600;border:1px solid var(--accent);border-radius:.35rem;background:var(--accent);color:var(--on-accent);cursor:pointer}
button.plain{background:transparent;color:var(--accent)}.row{display:flex;gap:.75rem;flex-wrap:wrap}
:focus-visible{outline:3px solid var(--accent);outline-offset:2px}.error{color:var(--bad);font-weight:600}.small{font-size:.9rem}dt{font-weight:600}dd{margin:0 0 .5rem;overflow-wrap:anywhere}
</style>`,
};

function page(title: string, body: Html): string {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="robots" content="noindex" />
        <title>${title} | Salesforce stand-in</title>
        ${style}
      </head>
      <body>
        <p class="notice" role="note">This is Trunkline's stand-in for Salesforce, not Salesforce itself.</p>
        <main>${body}</main>
      </body>
    </html> `.html;
}

export function loginPage(values: {
  startUrl: string;
  username: string;
  error?: string | undefined;
  hints: readonly string[];
}): string {
  const { startUrl, username, error, hints } = values;
  return page(
    'Login',
    html`<h1>Log in to the stand-in</h1>
      ${error === undefined ? html`` : html`<p class="error" id="error" role="alert">${error}</p>`}
      <form id="login_form" name="login" method="post" action="/">
        <input type="hidden" name="startURL" value="${startUrl}" />
        <label for="username">Username</label>
        <input
          type="email"
          id="username"
          name="username"
          value="${username}"
          autocomplete="username"
          autocapitalize="none"
          required
        />
        <label for="password">Password</label>
        <input type="password" id="password" name="pw" autocomplete="current-password" required />
        <button type="submit" id="Login" name="Login">Log In</button>
      </form>
      <p class="small">Users of the stand-in, password <code>stand-in</code>:</p>
      <ul class="small">
        ${hints.map((hint) => html`<li>${hint}</li>`)}
      </ul>`,
  );
}

const scopeWords: Record<string, string> = {
  api: 'Manage user data via APIs',
  refresh_token: 'Perform requests at any time',
  id: 'Access the identity URL service',
  openid: 'Access unique user identifiers',
  profile: 'Access your basic information',
  email: 'Access your email address',
  address: 'Access your address',
  phone: 'Access your phone numbers',
  web: 'Manage user data via Web browsers',
  full: 'Full access',
};

export function approvalPage(values: {
  source: string;
  appName: string;
  username: string;
  orgName: string;
  scope: readonly string[];
}): string {
  const { source, appName, username, orgName, scope } = values;
  return page(
    'Allow Access?',
    html`<h1>Allow Access?</h1>
      <p><strong>${appName}</strong> is asking to:</p>
      <ul>
        ${scope.map((name) => html`<li>${scopeWords[name] ?? name}</li>`)}
      </ul>
      <p>Do you want to allow access for <strong>${username}</strong> of <strong>${orgName}</strong>?</p>
      <form id="editPage" method="post" action="/setup/secur/RemoteAccessAuthorizationPage.apexp">
        <input type="hidden" name="source" value="${source}" />
        <div class="row">
          <button class="plain" type="submit" id="oadeny" name="cancel" value="Deny">Deny</button>
          <button type="submit" id="oaapprove" name="save" value="Allow">Allow</button>
        </div>
      </form>`,
  );
}

export function errorPage(error: string, description: string): string {
  return page(
    'OAuth Error',
    html`<h1>We can't authorize you because of an OAuth error.</h1>
      <p>For more information, contact your Salesforce administrator.</p>
      <dl>
        <dt>Error</dt>
        <dd id="error">${error}</dd>
        <dt>Description</dt>
        <dd id="error_description">${description}</dd>
      </dl>`,
  );
}

export function plainPage(title: string, text: string): string {
  return page(
    title,
    html`<h1>${title}</h1>
      <p>${text}</p>`,
  );
}
