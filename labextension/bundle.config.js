/**
 * What the builder doesn't do by itself: what two parts of the script share travels once, and style goes into the script
 * without its comments and white space.
 */

module.exports = {
  optimization: { splitChunks: { minSize: 1000 } },
  module: {
    rules: [
      {
        test: /\.css$/,
        enforce: 'pre',
        loader: 'builtin:lightningcss-loader',
        options: { minify: true }
      }
    ]
  }
};
