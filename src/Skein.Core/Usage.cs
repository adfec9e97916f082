namespace Skein.Core;

/// <summary>Tokens of model calls. The five counts do not overlap: cached input is not in <paramref name="Input"/>, reasoning not in <paramref name="Output"/>.</summary>
public sealed record Usage(long Input = 0, long Output = 0, long Reasoning = 0, long CacheRead = 0, long CacheWrite = 0)
{
    public static Usage operator +(Usage left, Usage right) => new(
        left.Input + right.Input,
        left.Output + right.Output,
        left.Reasoning + right.Reasoning,
        left.CacheRead + right.CacheRead,
        left.CacheWrite + right.CacheWrite);

    public static Usage Add(Usage left, Usage right) => left + right;
}
