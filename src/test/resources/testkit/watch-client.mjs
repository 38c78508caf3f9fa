// GitLab's own client, as its pages use it: opens a WebSocket and watches pods of namespace n. Prints a line of JSON for each
// call of the data callback, with the names that the client knows by then, and one for each error.
// usage: watch-client.mjs DIRECTORY_OF_CLIENT BASE_URL
import { register } from 'node:module';

// the package is written for bundlers, which find files without their endings
const bundler = `export async function resolve(name, context, next) {
  for (const ending of ['', '.js', '/index.js']) {
    try {
      return await next(name + ending, context);
    } catch (error) {
      if (ending === '/index.js') throw error;
    }
  }
}`;
register(`data:text/javascript,${encodeURIComponent(bundler)}`);
const { Configuration, WebSocketWatchManager } = await import(`${process.argv[2]}/dist/src/index.js`);

const configuration = new Configuration({
  basePath: process.argv[3],
  headers: { 'GitLab-Agent-Id': '123', 'X-CSRF-Token': 't', Cookie: '_gitlab_kas=session' },
});
const print = (value) => console.log(JSON.stringify(value));

async function run() {
  const manager = new WebSocketWatchManager(configuration);
  for (const [watchId, namespace] of [['k8sPods-n-default', 'default'], ['k8sPods-n-secret', 'secret']]) {
    manager.on('data', watchId, (data) => print({ watchId, data: data.map((pod) => pod.metadata.name) }));
    manager.on('error', watchId, (error) => print({ watchId, error: error.message }));
    await manager.initConnection({ message: { watchId, watchParams: { version: 'v1', resource: 'pods', namespace } } });
  }
}

run().catch((error) => {
  print({ failed: String(error && error.message) });
  process.exit(1);
});
