import { escapeHtml as xml } from '../presenters/html.ts';
import { serviceUrl, type Setup } from './setup.ts';

/** Outputs that 3CX knows, by the names under which data lookups mostly tell them. */
const outputs: Readonly<Record<string, string>> = {
  firstname: 'FirstName',
  lastname: 'LastName',
  company: 'CompanyName',
  companyname: 'CompanyName',
  account_name: 'CompanyName',
  email: 'Email',
};

/** A server-side CRM template. The token is a parameter of it, asked for where the template is switched on. */
export const threeCx: Setup = (values) => {
  const told = values.fields.length > 0 ? values.fields : ['FirstName', 'LastName'];
  const known = told.flatMap((name) => {
    const output = outputs[name.toLowerCase()];
    return output === undefined ? [] : [{ name, output }];
  });
  // Something has to be shown; the first field is the best there is.
  const shown = known.length > 0 ? known : [{ name: told[0] ?? 'LastName', output: 'LastName' }];
  const lines = (each: (field: (typeof shown)[number]) => string) => shown.map(each).join('\n');
  return [
    {
      name: 'trunkline.crm.xml',
      mediaType: 'application/xml',
      text: `<?xml version="1.0" encoding="utf-8"?>
<Crm xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema" Country="" Name="Trunkline" Version="1" SupportsEmojis="false">
  <Number Prefix="AsIs" MaxLength="" />
  <Connection MaxConcurrentRequests="8" />
  <Parameters>
    <Parameter Name="Token" Type="Password" Parent="General Configuration" Editor="String" Title="Trunkline token:" />
  </Parameters>
  <Authentication Type="No" />
  <Scenarios>
    <Scenario Id="" Type="REST">
      <Request Url="${xml(`${serviceUrl(values, 'DataLookup')}?format=json&callerid=[Number]`)}" MessagePasses="0" RequestType="Get" ResponseType="Json">
        <Headers>
          <Value Key="Authorization" Type="String">Bearer [Token]</Value>
        </Headers>
      </Request>
      <Rules>
${lines(({ name }) => `        <Rule Type="Any">${xml(name)}</Rule>`)}
      </Rules>
      <Variables>
${lines(({ name }) => `        <Variable Name="${xml(name)}" Path="${xml(name)}" />`)}
      </Variables>
      <Outputs AllowEmpty="false">
${lines(({ name, output }) => `        <Output Type="${output}" Value="[${xml(name)}]" />`)}
        <Output Type="PhoneBusiness" Value="[Number]" />
      </Outputs>
    </Scenario>
  </Scenarios>
</Crm>
`,
    },
  ];
};
