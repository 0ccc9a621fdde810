const jupyter = require('@jupyterlab/testing/lib/jest-config')(__dirname);

// Packages that ship ES modules only; @jupyterlab/testing lists fewer than JupyterLab has.
const modules = ['@jupyter/', '@jupyterlab/', '@microsoft/', 'exenv-es6'];

module.exports = {
  ...jupyter,
  reporters: ['default'],
  roots: ['<rootDir>/src'],
  testRegex: '\\.spec\\.tsx?$',
  transformIgnorePatterns: [
    ...jupyter.transformIgnorePatterns.map(pattern =>
      pattern.replace('(?!', `(?!${modules.join('|')}|`)
    )
  ]
};
