# Sourced by ./dev. need PURPOSE: installs what tools/packages lists for it and the machine lacks.

missing_packages() {
	local purpose package
	while read -r purpose package; do
		[ "$purpose" = "$1" ] || continue
		[ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || echo "$package"
	done <tools/packages
}

as_root() {
	if [ "$(id -u)" -eq 0 ]; then
		"$@"
	elif command -v sudo >/dev/null; then
		sudo "$@"
	else
		echo "dev: not root and no sudo; as root: $*" >&2
		return 1
	fi
}

# While packages are set up no service of theirs may start: 101 is "not allowed" (invoke-rc.d's policy layer).
install_quietly() {
	local policy=/usr/sbin/policy-rc.d status=0
	if [ ! -e "$policy" ]; then
		printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
		as_root chmod 755 "$policy"
	else
		policy=
	fi
	as_root apt-get update -qq || true # an unreachable mirror shows up below
	as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >&2 || status=$?
	[ -z "$policy" ] || as_root rm -f "$policy"
	return "$status"
}

need() {
	local packages
	command -v dpkg-query >/dev/null || return 0 # not Debian: whoever is here knows what to install
	mapfile -t packages < <(missing_packages "$1")
	[ ${#packages[@]} -gt 0 ] || return 0
	echo "dev: installing ${packages[*]}" >&2
	install_quietly "${packages[@]}" || {
		echo "dev: could not install ${packages[*]}" >&2
		exit 1
	}
}
