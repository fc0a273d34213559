import js from '@eslint/js';
import tseslint from 'typescript-eslint';

/** Who may import whom: the layers of the product, each with what it must not know. */
const banned = (patterns, options = {}) => ({
  'no-restricted-imports': 'off',
  '@typescript-eslint/no-restricted-imports': [
    'error',
    {
      patterns: patterns.map(({ types = false, ...pattern }) => ({ ...pattern, allowTypeImports: types })),
      ...options,
    },
  ],
});

const nodeBuiltIns = { group: ['node:*'], message: 'This layer is pure: no Node built-ins.' };
const temporalHosts = {
  group: ['@temporalio/client', '@temporalio/worker'],
  message: 'Only src/temporal talks to Temporal.',
};
const database = {
  group: ['drizzle-orm', 'drizzle-orm/*', 'postgres'],
  message: 'Only src/database talks to PostgreSQL.',
};
const jsforce = { group: ['jsforce', 'jsforce/*'], message: 'Only src/salesforce talks to Salesforce.' };
const phone = { group: ['libphonenumber-js', 'libphonenumber-js/*'], message: 'Only src/phone-numbers reads numbers.' };
const layers = (...names) => ({
  group: names.flatMap((name) => [`**/${name}/**`]),
  message: `This layer must not know ${names.join(', ')}.`,
});

export default tseslint.config(
  { ignores: ['node_modules/', '.local/', 'drizzle/migrations/', 'web/assets/', 'coverage/'] },
  js.configs.recommended,
  ...tseslint.configs.strictTypeChecked,
  ...tseslint.configs.stylisticTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true, allowDefaultCaseForExhaustiveSwitch: true },
      ],
      'no-restricted-properties': [
        'error',
        { object: 'process', property: 'env', message: 'Only src/config.ts reads the environment.' },
      ],
    },
  },
  {
    files: ['**/*.js'],
    extends: [tseslint.configs.disableTypeChecked],
    languageOptions: { globals: { console: 'readonly' } },
  },
  {
    files: ['src/domain/**/*.ts'],
    rules: banned([nodeBuiltIns, { regex: '^(?!\\./)', message: 'The domain imports nothing but itself.' }]),
  },
  {
    files: ['src/phone-numbers/**/*.ts'],
    rules: banned([
      nodeBuiltIns,
      temporalHosts,
      database,
      jsforce,
      layers('use-cases', 'database', 'salesforce', 'temporal'),
    ]),
  },
  {
    files: ['src/use-cases/**/*.ts'],
    rules: banned([
      temporalHosts,
      database,
      jsforce,
      phone,
      { group: ['@temporalio/*', 'fastify', 'undici'], message: 'Use cases speak in terms of ports.' },
      layers('database', 'salesforce', 'temporal', 'web', 'workflows', 'activities', 'mail', 'crypto'),
    ]),
  },
  {
    files: ['workflows/**/*.ts'],
    rules: banned([
      { ...nodeBuiltIns },
      temporalHosts,
      database,
      jsforce,
      phone,
      { group: ['**/activities/**'], message: 'Types only: activities run outside the sandbox.', types: true },
      layers('use-cases', 'database', 'salesforce', 'phone-numbers', 'crypto', 'web'),
    ]),
  },
  {
    files: ['activities/**/*.ts'],
    rules: banned([temporalHosts, database, jsforce, phone, layers('web', 'workflows', 'database', 'salesforce')]),
  },
  {
    files: ['web/**/*.ts'],
    rules: banned([
      { group: ['@temporalio/*'], message: 'The web knows no Temporal.' },
      database,
      jsforce,
      layers('workflows', 'activities', 'drizzle', 'database', 'salesforce', 'temporal'),
    ]),
  },
  {
    files: ['drizzle/schema/**/*.ts'],
    rules: banned([{ regex: '^(?!\\./|drizzle-orm)', message: 'A table knows drizzle-orm only.' }]),
  },
  {
    files: ['src/**/*.ts'],
    ignores: [
      'src/temporal/**',
      'src/database/**',
      'src/salesforce/**',
      'src/phone-numbers/**',
      'src/local/**',
      'src/domain/**',
      'src/use-cases/**',
    ],
    rules: banned([temporalHosts, database, jsforce, phone]),
  },
  { files: ['src/config.ts', 'test/**/*.ts', '*.config.ts'], rules: { 'no-restricted-properties': 'off' } },
);
