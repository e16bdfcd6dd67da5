// An OpenID provider on loopback for tests: strict, in memory, with lifetimes that a test sets and a clock that it moves.
// Started as `node provider.js '{"ttl": {...}}'`; says its port on a line of its own; ends with its standard input.

import { createServer } from 'node:http';

import Provider, { errors } from 'oidc-provider';

const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
const DEVICE = 'urn:ietf:params:oauth:grant-type:device_code';
const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token';
const AUDIENCE = 'https://albums.example/';
const MCP_SERVER = /^http:\/\/127\.0\.0\.1:\d+\/mcp$/;
const REDIRECT = 'http://127.0.0.1/callback';

const settings = JSON.parse(process.argv[2] ?? '{}');
const now = Date.now;
let ahead = 0;
Date.now = () => now() + ahead * 1000;

const confidential = {
  client_secret: 'a secret+with/odd%41=characters',
  redirect_uris: [REDIRECT],
  application_type: 'native',
  grant_types: ['authorization_code', 'refresh_token', 'client_credentials', EXCHANGE, JWT_BEARER],
};

const configuration = {
  clients: [
    {
      client_id: 'app',
      token_endpoint_auth_method: 'none',
      application_type: 'native',
      redirect_uris: [REDIRECT],
      grant_types: ['authorization_code', 'refresh_token', DEVICE],
    },
    { client_id: 'service', token_endpoint_auth_method: 'client_secret_basic', ...confidential },
    { client_id: 'posting', token_endpoint_auth_method: 'client_secret_post', ...confidential },
  ],
  scopes: ['openid', 'offline_access', 'albums.read', 'albums.write'],
  pkce: { required: () => true },
  features: {
    clientCredentials: { enabled: true },
    deviceFlow: { enabled: true },
    introspection: { enabled: true },
    registration: { enabled: true },
    revocation: { enabled: true },
    resourceIndicators: {
      enabled: true,
      getResourceServerInfo(ctx, indicator) {
        if (indicator !== AUDIENCE && !MCP_SERVER.test(indicator)) throw new errors.InvalidTarget();
        return { scope: 'albums.read albums.write', audience: indicator };
      },
    },
  },
  findAccount: (ctx, sub) => ({ accountId: sub, claims: () => ({ sub }) }),
  issueRefreshToken: (ctx, client) => client.grantTypeAllowed('refresh_token'),
  rotateRefreshToken: true,
  ttl: { AccessToken: 300, AuthorizationCode: 60, DeviceCode: 600, Grant: 86400, Interaction: 3600, Session: 86400, ...settings.ttl },
};

async function traded(ctx, token, answer) {
  const { provider, client, params } = ctx.oidc;
  const subject = token && await provider.AccessToken.find(token);
  if (!subject?.isValid) throw new errors.InvalidGrant('the subject token is not known, or has expired');
  const { accountId } = subject;
  const grant = new provider.Grant({ accountId, clientId: client.clientId });
  grant.addOIDCScope(params.scope ?? '');
  const issued = new provider.AccessToken({
    accountId, client, grantId: await grant.save(), gty: 'traded', scope: params.scope,
  });
  const access_token = await issued.save();
  ctx.body = { access_token, token_type: 'Bearer', expires_in: issued.expiration, scope: params.scope, ...answer };
}

async function exchanged(ctx) {
  const { subject_token, subject_token_type, audience } = ctx.oidc.params;
  if (subject_token_type !== ACCESS_TOKEN) throw new errors.InvalidRequest('the type of the subject token is not known');
  if (audience !== AUDIENCE) throw new errors.InvalidTarget();
  await traded(ctx, subject_token, { issued_token_type: ACCESS_TOKEN });
}

async function onBehalfOf(ctx) {
  const { assertion, requested_token_use } = ctx.oidc.params;
  if (requested_token_use !== 'on_behalf_of') throw new errors.InvalidRequest('requested_token_use is not on_behalf_of');
  await traded(ctx, assertion, {});
}

const server = createServer();
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address();
  const provider = new Provider(`http://127.0.0.1:${port}`, configuration);
  provider.registerGrantType(EXCHANGE, exchanged, ['subject_token', 'subject_token_type', 'requested_token_type', 'audience', 'scope']);
  provider.registerGrantType(JWT_BEARER, onBehalfOf, ['assertion', 'requested_token_use', 'scope']);
  const answer = provider.callback();
  server.on('request', (request, response) => {
    const moved = request.url.match(/^\/test\/later\/(\d+)$/);
    if (!moved) return answer(request, response);
    ahead += Number(moved[1]);
    return response.end('{}');
  });
  process.stdout.write(`${port}\n`);
});
process.stdin.on('end', () => process.exit(0)).resume();
