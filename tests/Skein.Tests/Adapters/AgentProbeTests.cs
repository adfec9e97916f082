using System.Runtime.Versioning;
using Skein.Adapters;
using Skein.Testing;

namespace Skein.Tests.Adapters;

/// <summary>Which version of an agent is installed, as its program tells.</summary>
[UnsupportedOSPlatform("windows")]
public sealed class AgentProbeTests
{
    [Theory(Timeout = 60_000)]
    [InlineData("echo 'WARNING: no aliases' >&2; echo; echo 'goose 1.2.3'; echo more", "goose 1.2.3")]
    [InlineData("echo 'goose 1.2.3' >&2", "goose 1.2.3")]
    [InlineData("exit 1", null)]
    public async Task The_version_is_the_first_line_that_it_prints_and_no_warning(string script, string? version)
    {
        using var folder = new TempFolder();
        var program = folder.Write("goose", $"#!/bin/sh\n{script}\n");
        File.SetUnixFileMode(program, UnixFileMode.UserRead | UnixFileMode.UserExecute);

        var probe = await AgentProbe.OfAsync(
            KnownAgents.Acp("goose", [program], []), new Dictionary<string, string> { ["PATH"] = "/usr/bin:/bin" }, TimeProvider.System, TestContext.Current.CancellationToken);

        Assert.Equal(new AgentProbe(program, version), probe);
    }
}
