# Sourced before the commands of docs/scrapyd.md: Scrapyd's environment, the project as a reader has
# it, and free ports instead of those that the page names. Exit code 77: something is not installed.

scrapyd_bin="${SCRAPYD_BIN:-$PROJECT/.venv-scrapyd/bin}"
if [ ! -x "$scrapyd_bin/scrapyd" ]; then
    echo "needs Scrapyd in an environment of its own: see .ci/run" >&2
    exit 77
fi

# What scrapyd-deploy packs: the files that git keeps.
(cd "$PROJECT" && git ls-files -z carsets deploy scrapy.cfg pyproject.toml README.md LICENSE |
    xargs -0 cp --parents -t "$HOME")
cp -r "$HOME/carsets" "$HOME/deploy" "$HOME/scrapy.cfg" "$HOME/pyproject.toml" "$HOME/README.md" \
    "$HOME/LICENSE" .

port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
export SCRAPYD_HTTP_PORT="$port"
export CARSETS_DATA_DIR="$HOME/data"

# The page's port and folder are written out, as readers need them.
curl() {
    local words=()
    for word in "$@"; do
        word="${word//localhost:6800/127.0.0.1:$port}"
        words+=("${word//\/srv\/carsets/$HOME}")
    done
    command curl "${words[@]}"
}
scrapyd-deploy() {
    sed -i "s|localhost:6800|127.0.0.1:$port|" scrapy.cfg
    "$scrapyd_bin/scrapyd-deploy" "$@"
}
# Jobs find the built-in web, and carsets in the egg alone; they are begun at once.
scrapyd() {
    sed -i "s/^poll_interval = 2.0$/poll_interval = 0.2/" scrapyd.conf
    env -u PYTHONPATH -u SCRAPY_SETTINGS_MODULE PATH="$scrapyd_bin:$PATH" \
        "$scrapyd_bin/scrapyd" "$@"
}
trap 'kill $(jobs -p) 2>/dev/null || true' EXIT
