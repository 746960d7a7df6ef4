from __future__ import annotations

import socket
import subprocess
import sys

import pytest

from dbspecialist.twins.cluster import Cluster
from dbspecialist.twins.confinement import confined, network_is_cut

REACH = "import socket, sys; socket.create_connection(('127.0.0.1', int(sys.argv[1])), 2)"


@pytest.mark.skipif(not network_is_cut(), reason="this kernel gives no network namespaces")
def test_confined_child_reaches_no_port_of_this_machine() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        command = [sys.executable, "-c", REACH, str(server.getsockname()[1])]
        free = subprocess.run(command, check=False)
        kept = subprocess.run(
            command,
            check=False,
            capture_output=True,
            preexec_fn=confined(),
        )
    assert free.returncode == 0
    assert kept.returncode == 1
    assert b"unreachable" in kept.stderr


@pytest.mark.skipif(not network_is_cut(), reason="this kernel gives no network namespaces")
def test_twin_has_no_network(cluster: Cluster) -> None:
    with cluster.connect() as connection:
        connection.execute("SET extension_control_path = '$system'")  # not the stand-in
        connection.execute("CREATE EXTENSION IF NOT EXISTS dblink")
        with (
            socket.create_server(("127.0.0.1", 0)) as server,
            pytest.raises(Exception, match="could not establish connection"),
        ):
            port = server.getsockname()[1]
            connection.execute(
                "SELECT * FROM dblink(%s, 'select 1') AS t(x int)",
                (f"host=127.0.0.1 port={port} connect_timeout=2 dbname=x",),
            )
