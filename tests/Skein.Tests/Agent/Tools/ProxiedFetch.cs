using System.Net;
using System.Runtime.Versioning;

namespace Skein.Tests.Agent.Tools;

/// <summary>The child of <see cref="FetchToolTests"/>: a process whose environment names a proxy for everything.</summary>
[UnsupportedOSPlatform("windows")]
public sealed class ProxiedFetch : ToolBench
{
    public const string AddressVariable = "SKEIN_TEST_PROXIED_ADDRESS";

    [Fact(Explicit = true)]
    public async Task Goes_past_the_proxy_that_others_use()
    {
        var address = Environment.GetEnvironmentVariable(AddressVariable);
        Assert.SkipWhen(address is null, "This is the child of another test.");
        using var client = new HttpClient();
        Assert.Equal(HttpStatusCode.BadGateway, (await client.GetAsync(new Uri(address), Cancellation)).StatusCode);

        Settings = Settings with { PrivateHosts = (_, _) => ValueTask.FromResult<IReadOnlyList<string>>([new Uri(address).Authority]) };
        Assert.Contains("# Geese", await TextAsync("fetch", new() { ["url"] = address }), StringComparison.Ordinal);
    }
}
