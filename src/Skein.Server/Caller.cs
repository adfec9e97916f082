using System.Buffers;
using Microsoft.AspNetCore.Http;
using Skein.Core.Events;

namespace Skein.Server;

/// <summary>Who asks, and the Idempotency-Key under which they do.</summary>
internal readonly record struct Caller(Cause By)
{
    private const int LongestKey = 200;
    private const int LongestName = 20;
    private static readonly SearchValues<char> s_name = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789-");

    public static ValueTask<Caller> BindAsync(HttpContext context)
    {
        var headers = context.Request.Headers;
        return ValueTask.FromResult(new Caller(new Cause(Name(headers["Skein-Client"]), Key(headers["Idempotency-Key"]))));
    }

    private static string Name(string? text) =>
        text is null ? "api"
        : text.Length is > 0 and <= LongestName && !text.AsSpan().ContainsAnyExcept(s_name) ? text
        : throw new RefusedException(400, "invalid_header", $"The header Skein-Client must be 1 to {LongestName} of a-z, 0-9 and -.");

    private static string? Key(string? text) =>
        text is null ? null
        : text.Length is > 0 and <= LongestKey && !text.AsSpan().ContainsAnyExceptInRange(' ', '~') ? text
        : throw new RefusedException(400, "invalid_header", $"The header Idempotency-Key must be 1 to {LongestKey} printable ASCII characters.");
}
