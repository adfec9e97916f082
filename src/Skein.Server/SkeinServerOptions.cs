namespace Skein.Server;

/// <summary>Where and for whom a server listens.</summary>
public sealed record SkeinServerOptions
{
    /// <summary>The folder that holds the sessions, an absolute path; <c>server.json</c> and the socket's folder are made in it.</summary>
    public required string Home { get; init; }

    public required string Version { get; init; }

    /// <summary>
    /// Also listen on TCP: an IP address or <c>localhost</c>, and a port, for example <c>127.0.0.1:7788</c>; port 0 takes a free one.
    /// An address that other machines reach needs <see cref="AllowHosts"/>. Null: only the Unix socket.
    /// </summary>
    public string? Listen { get; init; }

    /// <summary>
    /// What TCP clients must show as <c>Authorization: Bearer …</c>: printable ASCII without spaces. Null: a new one, see
    /// <see cref="SkeinServer.Token"/>.
    /// </summary>
    public string? Token { get; init; }

    /// <summary>What TCP clients may show instead that only read: as <see cref="Token"/>, and another. Null: there are none.</summary>
    public string? ReadToken { get; init; }

    /// <summary>Host names, besides this machine's own (<c>localhost</c>, <c>127.0.0.1</c>, <c>[::1]</c>), that TCP requests may be addressed to.</summary>
    public IReadOnlyList<string> AllowHosts { get; init; } = [];

    /// <summary>
    /// How many connections may be open at once, at least 2: one more is closed at once. Where it listens on TCP too, the socket and TCP have half of them each, so that neither
    /// shuts the other out. Null: any number, so that clients can take all the files that the process may have open.
    /// </summary>
    public int? MostConnections { get; init; }
}
