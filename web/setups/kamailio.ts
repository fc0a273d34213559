import { patienceSeconds, serviceUrl, type Setup } from './setup.ts';

/** `http_client_query` gives the first line of the body, and the status as its return code. */
export const kamailio: Setup = (values) => [
  {
    name: 'kamailio.cfg',
    mediaType: 'text/plain',
    text: `loadmodule "http_client.so"
modparam("http_client", "connection_timeout", ${patienceSeconds(values)})
modparam("http_client", "query_result", 1)

# Call route(TRUNKLINE) before the location lookup.
route[TRUNKLINE] {
    $var(ext) = "";
    $var(url) = "${serviceUrl(values, 'ExtNo')}?format=text&token=${values.token}&callerid=" + $(fU{s.escape.param}) + "&calledid=" + $(rU{s.escape.param});
    http_client_query("$var(url)", "$var(ext)");
    $var(status) = $rc;
    if ($var(status) == 200 && $(var(ext){s.len}) > 0) {
        $rU = $var(ext);
    }
    return;
}
`,
  },
];
