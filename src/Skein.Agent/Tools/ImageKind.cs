namespace Skein.Agent.Tools;

/// <summary>The kinds of pictures that models are shown, told by how they begin: a name may say anything.</summary>
internal static class ImageKind
{
    /// <summary>How many bytes of the beginning tell it.</summary>
    public const int Looked = 12;

    /// <summary>The media type; null: none of them.</summary>
    public static string? Of(ReadOnlySpan<byte> start) => start switch
    {
        [0x89, (byte)'P', (byte)'N', (byte)'G', 0x0d, 0x0a, 0x1a, 0x0a, ..] => "image/png",
        [0xff, 0xd8, 0xff, ..] => "image/jpeg",
        [(byte)'G', (byte)'I', (byte)'F', (byte)'8', (byte)'7' or (byte)'9', (byte)'a', ..] => "image/gif",
        [(byte)'R', (byte)'I', (byte)'F', (byte)'F', _, _, _, _, (byte)'W', (byte)'E', (byte)'B', (byte)'P', ..] => "image/webp",
        _ => null,
    };
}
