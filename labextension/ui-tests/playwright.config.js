/**
 * The browser tests: a JupyterLab on a free port with folders of its own, in the system's Chromium.
 *
 * `make galata` runs them. Variables that the tests or the kernels need pass through, but no key does, and no
 * configuration or data of the person who runs them: their own Jupyter stays untouched.
 */

const { execFileSync } = require('child_process');
const fs = require('fs');
const path = require('path');

const base = require('@jupyterlab/galata/lib/playwright-config');

const HOME = path.resolve(__dirname, '../../.cache/ui-tests');

/** Runs once, before the workers, which inherit what it puts into the environment. */
function prepare() {
  const weights = process.env.QWEN_MAGICS_TEST_WEIGHTS ?? weightsHere();
  for (const name of ['PORT', 'PROVIDER', 'CONTROL']) {
    const port =
      "const s = require('net').createServer();" +
      "s.listen(0, '127.0.0.1', () => { console.log(s.address().port); s.close(); })";
    process.env[`QWEN_UI_${name}`] = said(process.execPath, ['-e', port]);
  }
  for (const name of Object.keys(process.env)) {
    if (/(_API_KEY|_TOKEN)$/.test(name)) {
      delete process.env[name];
    }
  }
  fs.rmSync(HOME, { recursive: true, force: true });
  const models = path.join(HOME, 'data/qwen-magics/models');
  fs.mkdirSync(models, { recursive: true });
  fs.mkdirSync(path.join(HOME, 'notebooks'));
  if (weights) {
    fs.symlinkSync(weights, path.join(models, path.basename(weights)));
  }
}

/** Where the local model's weights lie, before its folders are taken away from it. */
function weightsHere() {
  try {
    return said('jupyter', ['qwen', 'local', 'path']);
  } catch {
    return undefined; // only the tests that ask the model need them
  }
}

function said(command, args) {
  return execFileSync(command, args, {
    encoding: 'utf-8',
    stdio: ['ignore', 'pipe', 'ignore']
  }).trim();
}

if (!process.env.QWEN_UI_PORT) {
  prepare();
}
const url = `http://127.0.0.1:${process.env.QWEN_UI_PORT}`;
process.env.TARGET_URL = url;
const root = process.getuid?.() === 0 ? '--allow-root' : '';

module.exports = {
  ...base,
  testDir: process.env.QWEN_UI_BENCH ? 'bench' : 'tests',
  outputDir: 'test-results',
  reporter: [['list']],
  workers: 1,
  forbidOnly: true,
  use: {
    ...base.use,
    baseURL: url,
    trace: 'retain-on-failure',
    video: 'off',
    launchOptions: {
      executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync'
      ]
    }
  },
  webServer: [
    {
      command: `python ../../tests/fakes/serve.py ${process.env.QWEN_UI_PROVIDER} ${process.env.QWEN_UI_CONTROL}`,
      url: `http://127.0.0.1:${process.env.QWEN_UI_CONTROL}`
    },
    {
      command: `jupyter lab ${root} --config jupyter_server_test_config.py`,
      url: `${url}/lab`,
      timeout: 120_000,
      reuseExistingServer: false,
      gracefulShutdown: { signal: 'SIGTERM', timeout: 5_000 },
      env: {
        JUPYTER_CONFIG_DIR: path.join(HOME, 'config'),
        JUPYTER_DATA_DIR: path.join(HOME, 'data'),
        JUPYTER_RUNTIME_DIR: path.join(HOME, 'runtime'),
        QWEN_MAGICS_PROVIDER: 'local', // a test that wants the fake one chooses alibaba
        QWEN_MAGICS_BASE_URL: `http://127.0.0.1:${process.env.QWEN_UI_PROVIDER}/v1`,
        DASHSCOPE_API_KEY: `sk-${require('crypto').randomUUID()}`,
        IPYTHONDIR: path.join(HOME, 'ipython'),
        JUPYTERLAB_GALATA_ROOT_DIR: path.join(HOME, 'notebooks'),
        PYTHON_KEYRING_BACKEND: 'keyring.backends.fail.Keyring'
      }
    }
  ]
};
