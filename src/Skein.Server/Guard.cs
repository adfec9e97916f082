using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Skein.Server;

/// <summary>
/// Who may ask. The Unix socket's folder has decided that already for whoever comes through it; over TCP a request must be addressed to
/// a host of the list (a page of another site could have its name point here), come from no other site's page, and show a token: the
/// server's, or one with which it can only be read.
/// </summary>
internal sealed class Guard(RequestDelegate next, Guard.Rules rules, ILogger<Guard> logger)
{
    /// <param name="token">Null: no TCP client is let in.</param>
    /// <param name="readToken">Null: there is none.</param>
    public sealed class Rules(string? token, string? readToken, IEnumerable<string> allowHosts)
    {
        // Hashes of one length, so that comparing tells nothing of a token's length either.
        public byte[]? TokenHash { get; } = HashOf(token);

        public byte[]? ReadTokenHash { get; } = HashOf(readToken);

        public HashSet<string> Hosts { get; } = new(["localhost", "127.0.0.1", "[::1]", .. allowHosts], StringComparer.OrdinalIgnoreCase);

        private static byte[]? HashOf(string? token) => token is null ? null : SHA256.HashData(Encoding.UTF8.GetBytes(token));
    }

    /// <summary>Stands on connections that came through the Unix socket. Whatever has it not must show the token.</summary>
    private sealed class OwnSocket
    {
        public static readonly OwnSocket Mark = new();
    }

    /// <summary>For the Unix socket's listener: marks its connections.</summary>
    public static ConnectionDelegate MarkOwn(ConnectionDelegate next) => connection =>
    {
        connection.Features.Set(OwnSocket.Mark);
        return next(connection);
    };

    public Task InvokeAsync(HttpContext context)
    {
        if (context.Features.Get<OwnSocket>() is null && Refusal(context.Request) is { } refusal)
        {
            logger.Refused(context.Request.Method, context.Request.Path, refusal.Message);
            throw refusal;
        }

        return next(context);
    }

    private RefusedException? Refusal(HttpRequest request)
    {
        if (!rules.Hosts.Contains(request.Host.Host))
            return new RefusedException(403, "host_refused", $"The Host '{Shown(request.Host.Value)}' is not one this server answers to: start it with --allow-host to add it.");

        if (request.Headers.Origin is { Count: > 0 } origin && !IsSame(origin.ToString(), request.Host))
            return new RefusedException(403, "origin_refused", $"The Origin '{Shown(origin.ToString())}' is not this server's own.");

        var shown = ShownBy(request.Headers.Authorization.ToString());
        if (request.Path == "/health" || Is(rules.TokenHash, shown))
            return null;
        if (Is(rules.ReadTokenHash, shown))
            return HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method)
                ? null
                : new RefusedException(403, "read_only", $"This token lets its bearer read: {request.Method} changes something, and needs the server's own.");

        return new RefusedException(401, "unauthorized", "Show the server's token as 'Authorization: Bearer …'; 'skein status --json' tells it.");
    }

    // A proxy in front may speak https to the page.
    private static bool IsSame(string origin, HostString host) =>
        origin.Equals("http://" + host.Value, StringComparison.OrdinalIgnoreCase) || origin.Equals("https://" + host.Value, StringComparison.OrdinalIgnoreCase);

    private static byte[]? ShownBy(string authorization)
    {
        const string Scheme = "Bearer ";
        return authorization.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) ? SHA256.HashData(Encoding.UTF8.GetBytes(authorization[Scheme.Length..].Trim())) : null;
    }

    private static bool Is(byte[]? token, byte[]? shown) => token is not null && shown is not null && CryptographicOperations.FixedTimeEquals(shown, token);

    private static string Shown(string? text) => text is null ? "" : text.Length <= 100 ? text : text[..100] + "…";
}
