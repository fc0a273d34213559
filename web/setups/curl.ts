import { serviceUrl, type Setup } from './setup.ts';

export const curl: Setup = (values) => {
  const { token, callerId } = values;
  const ask = (service: 'ExtNo' | 'DataLookup') =>
    `curl --get '${serviceUrl(values, service)}' \\
  --header 'Authorization: Bearer ${token}' \\
  --data-urlencode 'callerid=${callerId}' \\
  --data-urlencode 'format=json'`;
  return [{ name: 'trunkline.sh', mediaType: 'text/x-shellscript', text: `${ask('ExtNo')}\n\n${ask('DataLookup')}\n` }];
};
