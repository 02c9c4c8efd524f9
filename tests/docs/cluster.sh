# Sourced before the commands of docs/cluster.md: the servers that the page tells its readers to have.
initdb=$(ls -d /usr/lib/postgresql/*/bin/initdb 2>/dev/null | sort -V | tail -n 1)
for program in "$initdb" "$(command -v redis-server)"; do
    [ -n "$program" ] || { echo "needs PostgreSQL and Redis (Debian: postgresql, redis-server)" >&2; exit 77; }
done
python -c "import moto, flask, flask_cors, psycopg, redis" 2>/dev/null ||
    { echo "needs moto, psycopg and redis (requirements-dev.txt)" >&2; exit 77; }
servers=$(mktemp -d /tmp/carsets-servers-XXXXXX)
user=(); [ "$(id -u)" != 0 ] || { user=(runuser -u postgres --); chown postgres "$servers"; }
stop_servers() {
    "${user[@]}" "${initdb%/*}/pg_ctl" -D "$servers/data" -m immediate stop >/dev/null 2>&1 || true
    kill "$redis_pid" "$s3_pid" 2>/dev/null || true
    rm -rf "$servers"
}
trap stop_servers EXIT
(cd "$servers"
 "${user[@]}" "$initdb" -D data -U postgres -A trust -E UTF8 --locale=C --no-sync >/dev/null
 "${user[@]}" "${initdb%/*}/pg_ctl" -D data -l log -w start >/dev/null 2>&1 \
     -o "-c listen_addresses='' -c unix_socket_directories=$servers -c fsync=off")
psql -q -h "$servers" -U postgres -c "CREATE DATABASE cars ENCODING 'UTF8' TEMPLATE template0"
redis-server --port 0 --unixsocket "$servers/redis" --save "" >/dev/null 2>&1 &
redis_pid=$!
disown  # the page's own "wait" is for its workers
mkfifo "$servers/port"
python -W ignore -c '
import sys, threading
from moto.server import ThreadedMotoServer
server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
server.start()
with open(sys.argv[1], "w") as port:
    port.write(str(server.get_host_and_port()[1]))
threading.Event().wait()' "$servers/port" >/dev/null 2>&1 &
s3_pid=$!
disown
port=$(cat "$servers/port")
# What the page's readers put in: their own hosts and passwords.
POSTGRES="postgresql+psycopg://postgres@/cars?host=$servers"
REDIS="unix://$servers/redis"
S3="http://127.0.0.1:$port"
export AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test AWS_DEFAULT_REGION=us-east-1
python -c "
import sys, botocore.session
client = botocore.session.get_session().create_client('s3', endpoint_url=sys.argv[1])
client.create_bucket(Bucket='cars')" "$S3"
