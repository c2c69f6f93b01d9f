/** The app administrator that every application has ([App Admin](https://www.tencentcloud.com/document/product/1047/33517)). */
export const DEFAULT_ADMIN = "administrator";
